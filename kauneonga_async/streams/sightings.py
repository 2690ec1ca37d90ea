"""Sightings: the records of other windows that an answer held in its padding, by day. Pure."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.windows import Range

__all__ = ["Sightings"]


class Sightings:
    """Ids, by the ordinal of their day.

    Args:
        bounds: The range of the stream: what lies outside is nobody's, and not kept.
        calendar: Whose days are meant.
        keep_times: Whether it will matter when they were created: several windows may share a day.

    Attributes:
        by_day: The ids.
        times: When each of them was created, in seconds since 1970; empty where this is not kept.
    """

    def __init__(self, bounds: Range, calendar: ServerCalendar, *, keep_times: bool) -> None:
        self.by_day: defaultdict[int, array[int]] = defaultdict(lambda: array("q"))
        self.times: defaultdict[int, array[float]] = defaultdict(lambda: array("d"))
        self._keep_times = keep_times
        self._bounds = bounds
        self._calendar = calendar

    def note(self, times: Sequence[datetime], ids: Sequence[int]) -> None:
        """Keep records that are another window's."""
        if not ids:
            return
        earliest, latest = min(times), max(times)
        day = self._day_of(earliest)
        if day == self._day_of(latest) and self._is_within(earliest) and self._is_within(latest):
            self._keep(day, times, ids)
            return
        for time, record_id in zip(times, ids, strict=True):
            if self._is_within(time):
                self._keep(self._day_of(time), (time,), (record_id,))

    def _keep(self, day: int, times: Iterable[datetime], ids: Iterable[int]) -> None:
        self.by_day[day].extend(ids)
        if self._keep_times:
            self.times[day].extend(time.timestamp() for time in times)

    def _day_of(self, time: datetime) -> int:
        return self._calendar.day_of(time).toordinal()

    def _is_within(self, time: datetime) -> bool:
        return self._bounds.start <= time and (self._bounds.end is None or time < self._bounds.end)
