"""IdSet: ids seen, at some nine bytes each, and next to no time where they come in order. Pure."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import gt, lt

__all__ = ["IdSet"]

_BLOCK = 4096  # ids in a block before it is cut in two: an insertion moves 32 kB at the most


class IdSet:
    """A set of positive 64-bit integers, kept as sorted blocks of a sorted whole.

    A Python set takes some seventy bytes for each; a window of a month may hold a million.
    """

    __slots__ = ("_blocks", "_count", "_firsts")

    def __init__(self) -> None:
        self._blocks: list[array[int]] = []
        self._firsts: list[int] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, value: int) -> bool:
        index = bisect_right(self._firsts, value) - 1
        if index < 0:
            return False
        block = self._blocks[index]
        place = bisect_left(block, value)
        return place < len(block) and block[place] == value

    def __iter__(self) -> Iterator[int]:
        for block in self._blocks:
            yield from block

    def lacks(self, values: Iterable[int]) -> list[int]:
        """Return those of the values that are not in the set, in order."""
        wanted = set(values)
        if wanted and self._blocks:
            begin = max(0, bisect_right(self._firsts, min(wanted)) - 1)
            for block in self._blocks[begin : bisect_right(self._firsts, max(wanted))]:
                wanted.difference_update(block)
        return sorted(wanted)

    def add(self, value: int) -> bool:
        """Add a value; return whether it is new."""
        if not self._blocks:
            self._insert_block(0, array("q", (value,)))
            return True
        index = max(0, bisect_right(self._firsts, value) - 1)
        block = self._blocks[index]
        place = bisect_left(block, value)
        if place < len(block) and block[place] == value:
            return False
        block.insert(place, value)
        self._count += 1
        self._firsts[index] = block[0]
        if len(block) > _BLOCK:
            half = len(block) // 2
            self._count -= len(block) - half
            self._insert_block(index + 1, block[half:])
            del block[half:]
        return True

    def add_all(self, values: Sequence[int]) -> list[int] | None:
        """Add values; return the positions of those that are new, or None if all are."""
        if not values:
            return None
        if not self._blocks or values[0] > self._blocks[-1][-1]:
            if all(map(lt, values, islice(values, 1, None))):
                self._append(values)
                return None
        elif values[0] < self._firsts[0] and all(map(gt, values, islice(values, 1, None))):
            self._prepend(values[::-1])
            return None
        new = [position for position, value in enumerate(values) if self.add(value)]
        return None if len(new) == len(values) else new

    def _append(self, ascending: Sequence[int]) -> None:
        if self._blocks and len(self._blocks[-1]) + len(ascending) <= _BLOCK:
            self._blocks[-1].extend(ascending)
            self._count += len(ascending)
            return
        for start in range(0, len(ascending), _BLOCK):
            self._insert_block(len(self._blocks), array("q", ascending[start : start + _BLOCK]))

    def _prepend(self, ascending: Sequence[int]) -> None:
        if len(self._blocks[0]) + len(ascending) <= _BLOCK:
            self._blocks[0][:0] = array("q", ascending)
            self._firsts[0] = ascending[0]
            self._count += len(ascending)
            return
        for start in reversed(range(0, len(ascending), _BLOCK)):
            self._insert_block(0, array("q", ascending[start : start + _BLOCK]))

    def _insert_block(self, index: int, block: array[int]) -> None:
        self._blocks.insert(index, block)
        self._firsts.insert(index, block[0])
        self._count += len(block)
