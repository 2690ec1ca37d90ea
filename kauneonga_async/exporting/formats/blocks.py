"""Blocks: records in small batches or large ones -> lines in blocks of about one size. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kauneonga_async.exporting.formats.json_lines import to_lines

__all__ = ["BLOCK", "Blocks"]

BLOCK = 512 * 1024
"""Bytes: smaller ones cost more for each of their columns, larger ones hold other threads up for longer."""


class Blocks:
    """Collects records until they make a block."""

    def __init__(self) -> None:
        self._pending: list[bytes | memoryview] = []
        self._size = 0

    def add(self, records: Sequence[bytes]) -> Iterator[bytes]:
        """Take records, and yield the blocks that are full."""
        pieces = to_lines(records)
        self._pending += pieces
        self._size += sum(map(len, pieces))
        if self._size < BLOCK:
            return
        lines = b"".join(self._pending)
        begin = 0
        while len(lines) - begin >= BLOCK:
            end = lines.rfind(b"\n", begin, begin + BLOCK) + 1 or lines.index(b"\n", begin) + 1
            yield lines[begin:end]
            begin = end
        self._pending = [lines[begin:]]
        self._size = len(lines) - begin

    def rest(self) -> bytes:
        """Return what is left, which may be nothing."""
        return b"".join(self._pending)
