"""Sightings: the records of other windows that an answer held in its padding, by day. Pure."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.windows import Range

__all__ = ["Sightings"]


class Sightings:
    """Ids, by the ordinal of their day.

    Args:
        bounds: The range of the stream: what lies outside is nobody's, and not kept.
        calendar: Whose days are meant.

    Attributes:
        by_day: The ids.
    """

    def __init__(self, bounds: Range, calendar: ServerCalendar) -> None:
        self.by_day: defaultdict[int, array[int]] = defaultdict(lambda: array("q"))
        self._bounds = bounds
        self._calendar = calendar

    def note(self, times: Sequence[datetime], ids: Sequence[int]) -> None:
        """Keep records that are another window's."""
        if not ids:
            return
        earliest, latest = min(times), max(times)
        day = self._day_of(earliest)
        if day == self._day_of(latest) and self._is_within(earliest) and self._is_within(latest):
            self.by_day[day].extend(ids)
            return
        for time, record_id in zip(times, ids, strict=True):
            if self._is_within(time):
                self.by_day[self._day_of(time)].append(record_id)

    def _day_of(self, time: datetime) -> int:
        return self._calendar.day_of(time).toordinal()

    def _is_within(self, time: datetime) -> bool:
        return self._bounds.start <= time and (self._bounds.end is None or time < self._bounds.end)
