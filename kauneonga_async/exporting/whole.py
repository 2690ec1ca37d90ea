"""Whole: a window of an export that is there, with all that was said of it. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import TypeVar

import msgspec

from kauneonga_async.exporting.entries import Done, Found, PartEntry, pack_ids, unpack_ids

__all__ = ["Whole"]

DoneOrFound = TypeVar("DoneOrFound", Done, Found, Done | Found)


class Whole(msgspec.Struct):
    """A window of the plan that is there.

    Attributes:
        done: What was said of it.
        later: What was said of it when it was asked for again.
    """

    done: Done
    later: list[Done | Found] = []

    @property
    def parts(self) -> Iterator[PartEntry]:
        """Its files."""
        return (entry.part for entry in (self.done, *self.later) if entry.part is not None)

    @property
    def dones(self) -> Iterator[Done]:
        """What was said of answers that were read to their end."""
        return (entry for entry in (self.done, *self.later) if isinstance(entry, Done))

    def note_marks(self, marks: Mapping[PartEntry, str]) -> None:
        """Take what the stamps of its files say now, so that their bytes are not read again."""
        self.done = _marked(self.done, marks)
        self.later = [_marked(entry, marks) for entry in self.later]

    def forget_asks(self, owners: Container[datetime | None]) -> None:
        """Ask no more for windows that are exported anew, but expect of them what they lacked."""
        self.done = _without_asks(self.done, owners)
        self.later = [_without_asks(entry, owners) if isinstance(entry, Done) else entry for entry in self.later]


def _marked(entry: DoneOrFound, marks: Mapping[PartEntry, str]) -> DoneOrFound:
    part = entry.part
    if part is None or part.mark == marks[part]:
        return entry
    return msgspec.structs.replace(entry, part=msgspec.structs.replace(part, mark=marks[part]))


def _without_asks(done: Done, owners: Container[datetime | None]) -> Done:
    gone = [ask for ask in done.asks if ask.owner in owners]
    if not gone:
        return done
    expected = unpack_ids(done.expected)
    for day, record_id in chain.from_iterable(ask.missing for ask in gone):
        expected.setdefault(day, []).append(record_id)
    kept = tuple(ask for ask in done.asks if ask not in gone)
    return msgspec.structs.replace(done, asks=kept, expected=pack_ids(expected))
