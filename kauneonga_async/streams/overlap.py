"""Overlap: the padding of windows as a checksum. Pure.

What one window saw in its padding, the window that owns it must deliver. If it does not, the list was capped, the
calendar is wrong, the server filters on another field, or the record came into being in between: which of these is
for another to find out, by asking again.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Generic, NamedTuple, TypeVar

from kauneonga_async.streams.ids import IdSet
from kauneonga_async.windows import Window

__all__ = ["Missing", "Overlap"]

Owner = TypeVar("Owner")


class Missing(NamedTuple):
    """A record that was seen and not delivered: its day, as an ordinal, and its id."""

    day: int
    record_id: int


# No window sees further than this many days beyond its own: padding, offset and all.
_SIGHT_DAYS = 5


class Overlap(Generic[Owner]):
    """Compares what was seen with what was delivered, day by day."""

    def __init__(self) -> None:
        self._seen: defaultdict[int, array[int]] = defaultdict(lambda: array("q"))  # by day, owner still at work
        self._delivered: dict[int, tuple[Owner, IdSet]] = {}  # by day, owner done

    def see(self, sightings: Mapping[int, array[int]]) -> tuple[list[tuple[Owner, Missing]], dict[int, array[int]]]:
        """Take what one window saw of others.

        Returns:
            What of it its owner failed to deliver, and what of it its owner is still to deliver.
        """
        missing: list[tuple[Owner, Missing]] = []
        expected: dict[int, array[int]] = {}
        for day, ids in sightings.items():
            delivered = self._delivered.get(day)
            if delivered is None:
                self._seen[day].extend(ids)
                expected[day] = ids
            else:
                owner, has = delivered
                missing += [(owner, Missing(day, record_id)) for record_id in has.lacks(ids)]
        return missing, expected

    def expect(self, seen: Mapping[int, Iterable[int]]) -> None:
        """Tell what was seen before of days that are still to be delivered."""
        for day, ids in seen.items():
            self._seen[day].extend(ids)

    def deliver(self, window: Window, owner: Owner, ids: IdSet) -> list[Missing]:
        """Tell that a window has delivered all it has; return what others saw of it and it did not deliver."""
        missing: list[Missing] = []
        for day in _days(window):
            missing += [Missing(day, record_id) for record_id in ids.lacks(self._seen.pop(day, ()))]
            self._delivered[day] = owner, ids
        return missing

    def reopen(self, window: Window, missing: Iterable[Missing]) -> None:
        """Tell that a window is asked for again: what is missing of it is still to be delivered."""
        for day in _days(window):
            self._delivered.pop(day, None)
        for day, record_id in missing:
            self._seen[day].append(record_id)

    def forget_before(self, first_unfinished: date) -> None:
        """Tell that all windows before a day are done: what none of the others can see any more is let go."""
        horizon = first_unfinished.toordinal() - _SIGHT_DAYS
        for day in [day for day in self._delivered if day < horizon]:
            del self._delivered[day]


def _days(window: Window) -> range:
    return range(window.first.toordinal(), window.last.toordinal() + 1)
