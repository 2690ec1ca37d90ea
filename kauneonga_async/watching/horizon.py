"""Horizon: how far back a watch looks now, and what it may forget. Pure: it remembers only what it computed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from kauneonga_async import windows
from kauneonga_async.calendars import DAY, ServerCalendar
from kauneonga_async.watching.cursor import Position
from kauneonga_async.watching.tiers import LookBack
from kauneonga_async.windows import Range, Window

__all__ = ["Horizon", "horizon_of"]

_MARGIN: Final = 2 * DAY  # for which digests are kept beyond what is looked at


@lru_cache(maxsize=16)
def horizon_of(calendar: ServerCalendar, look_back: LookBack) -> Horizon:
    """Return the horizon of all watches that look back so far: what is the same for a thousand is there once.

    That is not for memory's sake alone: windows of its own, for each account, would be out of the processor's cache
    whenever its turn came.
    """
    return Horizon(calendar, look_back)


class Horizon:
    """Steps from instants to the windows to look at, most of which are those of the poll before.

    Watches in several threads may share one: what it remembers is replaced as a whole.

    Args:
        calendar: What is known of the server's dates.
        look_back: How far back to look.
    """

    def __init__(self, calendar: ServerCalendar, look_back: LookBack) -> None:
        self._calendar = calendar
        self._look_back = look_back
        self._near, self._widest, self._oldest = (_Days(calendar) for _ in range(3))
        self._today = _Days(calendar)
        self._planned: tuple[datetime, datetime, list[Window]] | None = None

    def reach(self, now: datetime) -> datetime:
        """Return as far back as is looked at all."""
        return self._widest.beginning(now, self._look_back.widest)

    def windows(self, position: Position, now: datetime) -> list[Window]:
        """Return what each poll looks at: from before the time until which all was known."""
        begin = self._near.beginning(min(position.complete_until, now), self._look_back.near)
        begin, today = max(begin, position.covered_from), self._today.beginning(now, timedelta())
        planned = self._planned
        if planned is None or planned[0] != begin or planned[1] != today:
            plan = list(windows.plan(Range(begin, None), self._calendar, None, now))
            self._planned = planned = begin, today, plan
        return planned[2]

    def turn(self, taken: tuple[datetime, datetime], position: Position) -> Window | None:
        """Return the window for days further back whose turn it is, or None if nothing is known of them."""
        start, end = max(taken[0], position.covered_from), taken[1]
        return windows.between(start, end, self._calendar) if start < end else None

    def advanced(self, position: Position, until: datetime, now: datetime, ours: datetime) -> Position:
        """Return the position when all is known until an instant.

        Args:
            position: The position until now.
            until: Until when all is known by now.
            now: The present, by the server's clock.
            ours: The present, by our own clock.
        """
        complete_until = min(max(position.complete_until, until), max(until, now))
        # By either clock: one that is wrong must not make us forget.
        oldest = self._oldest.beginning(min(now, ours, complete_until), self._look_back.widest + _MARGIN)
        covered_from = oldest if oldest - position.covered_from >= DAY else position.covered_from
        return Position(covered_from, complete_until)


class _Days:
    """The beginnings of days; the same one is asked for all day long."""

    def __init__(self, calendar: ServerCalendar) -> None:
        self._calendar = calendar
        self._day = (datetime.max.replace(tzinfo=UTC),) * 2  # its first instant, and the next day's

    def beginning(self, instant: datetime, before: timedelta) -> datetime:
        """Return the beginning of the day on which so much time before an instant falls."""
        try:
            moment = instant - before
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)
        start, end = self._day
        if not start <= moment < end:
            day = self._calendar.day_of(moment)
            start, end = self._day = self._calendar.start_of(day), self._calendar.end_of(day)
        return start
