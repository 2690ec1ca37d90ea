"""Overlap: the padding of windows as a checksum. Pure.

What one window saw in its padding, the window that owns it must deliver. If it does not, the list was capped, the
calendar is wrong, the server filters on another field, or the record came into being in between: which of these is
for another to find out, by asking again.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Generic, NamedTuple, TypeVar

from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.streams.ids import IdSet
from kauneonga_async.windows import Range, Window

__all__ = ["Missing", "Overlap"]

Owner = TypeVar("Owner")


class Missing(NamedTuple):
    """A record that was seen and not delivered: its day, as an ordinal, and its id."""

    day: int
    record_id: int


# No window sees further than this many days beyond its own: padding, offset and all.
_SIGHT_DAYS = 5


class Overlap(Generic[Owner]):
    """Compares what was seen with what was delivered, day by day.

    Args:
        bounds: The range of the stream: what lies outside is nobody's.
        calendar: Whose days are meant.
    """

    def __init__(self, bounds: Range, calendar: ServerCalendar) -> None:
        self._bounds = bounds
        self._calendar = calendar
        self._seen: defaultdict[int, array[int]] = defaultdict(lambda: array("q"))  # by day, owner still at work
        self._delivered: dict[int, tuple[Owner, IdSet]] = {}  # by day, owner done

    def see(self, sightings: Iterable[tuple[datetime, int]]) -> list[tuple[Owner, Missing]]:
        """Take what one window saw of others; return what of it its owner failed to deliver."""
        missing: list[tuple[Owner, Missing]] = []
        for time, record_id in sightings:
            if time < self._bounds.start or (self._bounds.end is not None and time >= self._bounds.end):
                continue
            day = self._calendar.day_of(time).toordinal()
            delivered = self._delivered.get(day)
            if delivered is None:
                self._seen[day].append(record_id)
            elif record_id not in delivered[1]:
                missing.append((delivered[0], Missing(day, record_id)))
        return missing

    def deliver(self, window: Window, owner: Owner, ids: IdSet) -> list[Missing]:
        """Tell that a window has delivered all it has; return what others saw of it and it did not deliver."""
        missing: set[Missing] = set()
        for day in _days(window):
            missing.update(Missing(day, record_id) for record_id in self._seen.pop(day, ()) if record_id not in ids)
            self._delivered[day] = owner, ids
        return sorted(missing)

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
