"""Segments: a journal on a store that can neither append nor rename: numbered objects, each written once.

``_messages.journal/0000000007`` holds lines that were added, or is a base: all lines up to then. The journal is the
last base and what follows it; objects before it are leftovers. As none is ever written over, and a number is never left
out, an owner who lost the destination without noticing finds its next number taken, and can add nothing in between.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import msgspec

from kauneonga_async.decoding import UNREADABLE
from kauneonga_async.errors import DestinationLocked
from kauneonga_async.exporting.destinations.lease import Lease
from kauneonga_async.exporting.destinations.store import Changed, Found, Store

__all__ = ["Segments"]

COMPACTED_AT = 64  # objects
READERS = 16  # objects read at once
_NUMBER = re.compile(r"[0-9]{10}")  # what has another name is not ours


class Head(msgspec.Struct, frozen=True):
    """The first line of each object.

    Attributes:
        writer: Who wrote it.
        base: Whether it is a base.
        lines: How many follow; 0 in what version 1.0.0 wrote.
    """

    writer: str
    base: bool = False
    lines: int = 0


class Segments:
    """One journal.

    Args:
        store: Where it is.
        name: The journal's name; its objects are in a folder of this name.
        lease: By whose holder it is written.
    """

    def __init__(self, store: Store, name: str, lease: Lease) -> None:
        self._store = store
        self._folder = f"{name}/"
        self._lease = lease
        self._numbers: list[int] | None = None  # of the objects that are there, in order; None while it is not known
        self._mutex = Lock()

    def read(self) -> list[bytes]:
        """Return the lines, in order."""
        with self._mutex:
            return self._own() if self._lease.token else self._read()[1]

    def append(self, lines: Sequence[bytes]) -> None:
        """Add lines."""
        if not lines:
            return
        with self._mutex:
            self._lease.check()
            if self._numbers is None:
                self._own()
            if len(self._numbers or ()) >= COMPACTED_AT:
                writer, all_lines = self._read()
                if writer != self._lease.token:
                    raise self._lost()
                self._rewrite(all_lines)
            self._write(lines, base=False)

    def replace(self, lines: Sequence[bytes]) -> None:
        """Put lines in the place of all."""
        with self._mutex:
            self._lease.check()
            if self._numbers is None:
                self._claim()
            self._rewrite(lines)

    def _claim(self) -> None:
        """Make sure that we wrote the last object, whatever there is: nothing of it will be read."""
        while True:
            self._numbers = self._list()
            if not self._numbers:
                return
            found = self._store.get(self._object(self._numbers[-1]))
            head = None if found is None else _head(found)
            if head is not None and head.writer == self._lease.token:
                return
            self._lease.renew()
            if self._create((), base=False):
                return

    def _own(self) -> list[bytes]:
        """Return the lines, and make sure that we wrote the last object.

        The owner before us, should it still have a write on its way, finds its next number taken from here on.
        """
        while True:
            writer, lines = self._read()
            if writer in ("", self._lease.token):
                return lines
            self._lease.renew()
            if self._create((), base=False):
                return lines

    def _lost(self) -> DestinationLocked:
        self._numbers = None
        return DestinationLocked(f"destination: another process writes to {self._store}{self._folder}")

    def _rewrite(self, lines: Sequence[bytes]) -> None:
        self._write(lines, base=True)
        assert self._numbers is not None
        *old, base = self._numbers
        self._store.remove(map(self._object, old))
        self._numbers = [base]

    def _write(self, lines: Sequence[bytes], *, base: bool) -> None:
        assert self._numbers is not None
        removed = 0
        while not self._create(lines, base=base):
            number = self._next()
            found = self._store.get(self._object(number))
            if found is not None and self._is_torn(found) and number != removed:
                self._store.remove([self._object(number)])
                removed = number
                continue
            if found is None or self._head_of(number, found).writer != self._lease.token:
                raise self._lost()
            # An earlier write of ours, whose answer never came: it stands.
            self._numbers.append(number)

    def _create(self, lines: Sequence[bytes], *, base: bool) -> bool:
        """Write the next object; False if there is one already."""
        assert self._numbers is not None
        number = self._next()
        head = msgspec.json.encode(Head(self._lease.token, base, len(lines)))
        try:
            self._store.create(self._object(number), b"".join(line + b"\n" for line in (head, *lines)))
        except Changed:
            return False
        self._numbers.append(number)
        return True

    def _next(self) -> int:
        return self._numbers[-1] + 1 if self._numbers else 1

    def _read(self) -> tuple[str, list[bytes]]:
        """Return who wrote last, and the lines."""
        while True:
            self._numbers = self._list()
            with ThreadPoolExecutor(READERS, "kauneonga-journal") as pool:
                objects = list(pool.map(self._store.get, map(self._object, self._numbers)))
            found = [each for each in objects if each is not None]
            if len(found) == len(objects):
                break
            # It was rewritten at this moment.
        if found and self._is_torn(found[-1]):
            torn = self._numbers.pop()
            found.pop()
            if self._lease.token:
                self._store.remove([self._object(torn)])
        segments = [(self._head_of(number, each), each) for number, each in zip(self._numbers, found, strict=True)]
        first = max((index for index, (head, _) in enumerate(segments) if head.base), default=0)
        self._make_sure(self._numbers[first:], has_base=bool(segments) and segments[first][0].base)
        lines = [line for _, found in segments[first:] for line in found.data.split(b"\n")[1:-1]]
        return segments[-1][0].writer if segments else "", lines

    def _make_sure(self, numbers: list[int], *, has_base: bool) -> None:
        if numbers and numbers != list(range(numbers[0] if has_base else 1, numbers[-1] + 1)):
            raise OSError(f"{self._store}{self._folder}: objects of it are missing; somebody removed them")

    def _is_torn(self, found: Found) -> bool:
        """Tell whether an object's writer ended, or was cut off, before it was whole; S3 knows no such thing."""
        return not self._store.is_conditional and _head(found) is None

    def _head_of(self, number: int, found: Found) -> Head:
        head = _head(found)
        if head is None:
            raise OSError(
                f"{self._store}{self._object(number)}: this object of the journal is damaged, or somebody else's; "
                "put it back, or export with overwrite=True"
            )
        return head

    def _list(self) -> list[int]:
        return sorted(int(name) for name in self._store.stamps(self._folder) if _NUMBER.fullmatch(name))

    def _object(self, number: int) -> str:
        return f"{self._folder}{number:010}"


def _head(found: Found) -> Head | None:
    """Return the first line of an object; None if it cannot be read, or lines are missing."""
    try:
        head = msgspec.json.decode(found.data.partition(b"\n")[0], type=Head)
    except UNREADABLE:
        return None
    return head if found.data.count(b"\n") > head.lines else None
