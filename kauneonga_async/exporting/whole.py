"""Whole: a window of an export that is there, with all that was said of it. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import datetime
from itertools import chain

import msgspec

from kauneonga_async.exporting.entries import Done, Found, PartEntry, pack_ids, unpack_ids

__all__ = ["Whole"]


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

    def forget_asks(self, owners: Container[datetime | None]) -> None:
        """Ask no more for windows that are exported anew, but expect of them what they lacked."""
        self.done = _without_asks(self.done, owners)
        self.later = [_without_asks(entry, owners) if isinstance(entry, Done) else entry for entry in self.later]


def _without_asks(done: Done, owners: Container[datetime | None]) -> Done:
    gone = [ask for ask in done.asks if ask.owner in owners]
    if not gone:
        return done
    expected = unpack_ids(done.expected)
    for day, record_id in chain.from_iterable(ask.missing for ask in gone):
        expected.setdefault(day, []).append(record_id)
    kept = tuple(ask for ask in done.asks if ask not in gone)
    return msgspec.structs.replace(done, asks=kept, expected=pack_ids(expected))
