"""Caps: whether a server cuts its lists off in silence, and how to ask so that it does not matter. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from kauneonga_async.calendars import DAY, ServerCalendar, shift_day
from kauneonga_async.errors import IncompleteResult
from kauneonga_async.streams import FEWEST, USUAL_CAPS
from kauneonga_async.watching.question import Answered
from kauneonga_async.windows import Window

__all__ = ["Caps", "ends_of", "slices_of"]

_END_DAYS: Final = 3  # with the two to come: what is new lies in there, whatever the server's zone is
_END_EVERY: Final = timedelta(minutes=10)


class Caps:
    """What the answers to a watch show of a limit to them.

    Attributes:
        cap: At how many records lists are cut off, once that is proven.
    """

    def __init__(self) -> None:
        self.cap: int | None = None
        self._cleared: dict[tuple[date, date], int] = {}  # by what was asked for, the total that was looked into
        self._end_seen: datetime | None = None  # when the end of a list was last asked for by itself

    def suspects(self, window: Window, total: int, ids: set[int], before: tuple[int, int] | None) -> bool:
        """Tell whether an answer looks as if it had been cut off, and was not looked into yet.

        Args:
            window: What was asked for.
            total: How many records came.
            ids: Their ids.
            before: The total, and the ids' hash, of the answer before this one to the same window.
        """
        if before is not None and before[0] == total >= FEWEST and before[1] != hash(frozenset(ids)):
            return True  # just as many, and others: as if each new one pushed an old one out
        return total in USUAL_CAPS and not self._is_cleared(window, total)

    def gaps(
        self, window: Window, answered: Answered, calendar: ServerCalendar, now: datetime, *, first_look: bool
    ) -> list[Window]:
        """Return questions for the days that an answer lacks at its ends, if it stops a day or more short there.

        At the beginning that is asked once: an account that is quiet on Sundays would be asked with each message of its
        Mondays.

        Args:
            window: What was asked for.
            answered: What came.
            calendar: Whose days are asked for.
            now: The server's time.
            first_look: Whether the window was not asked for before.
        """
        earliest, latest = answered.earliest, answered.latest
        if earliest is None or latest is None or answered.total < FEWEST:
            return []
        if self._is_cleared(window, answered.total):
            return []
        pieces: list[Window] = []
        end = now if window.end is None else min(now, window.end)
        if end - latest >= DAY:
            pieces.append(msgspec.structs.replace(window, ask_from=shift_day(calendar.day_of(latest), 1)))
        if first_look and earliest - window.start >= DAY:
            pieces.append(msgspec.structs.replace(window, ask_to=shift_day(calendar.day_of(earliest), -1)))
        return [piece for piece in pieces if piece.ask_from <= piece.ask_to]

    def may_lack_its_end(self, window: Window, total: int, now: datetime) -> bool:
        """Tell whether to ask for a list's end by itself: the list may be full, and show nothing new from now on.

        One of a usual cap's length is the likeliest, at each poll; any other is taken for full once in ten minutes.

        Args:
            window: What was asked for, open-ended.
            total: How many records came.
            now: The server's time.
        """
        if total < FEWEST:
            return False
        if self._end_seen is None or now < self._end_seen:
            self._end_seen = now
        return now - self._end_seen >= _END_EVERY or (total in USUAL_CAPS and self._is_cleared(window, total))

    def see_end(self, now: datetime) -> None:
        """Tell that the end of an open-ended list was asked for by itself."""
        self._end_seen = now

    def clear(self, window: Window, total: int) -> None:
        """Tell that an answer was looked into, and found whole."""
        if len(self._cleared) > len(USUAL_CAPS):
            self._cleared.clear()
        self._cleared[_asked(window)] = total

    def prove(self, total: int) -> None:
        """Tell that an answer of so many records lacked some."""
        self.cap = total

    def check_slice(self, window: Window, total: int) -> None:
        """Make sure that the answer to a slice was not cut off: it cannot be made smaller.

        Raises:
            IncompleteResult: It was.
        """
        if self.cap is not None and total >= self.cap:
            raise IncompleteResult(
                f"the server cuts its lists off at {self.cap} records, and that of {window.ask_from} to "
                f"{window.ask_to} has as many: messages of these days cannot be watched"
            )

    def _is_cleared(self, window: Window, total: int) -> bool:
        return bool(self._cleared) and self._cleared.get(_asked(window)) == total


def slices_of(window: Window, calendar: ServerCalendar) -> Iterator[Window]:
    """Yield the smallest questions whose answers together hold all that a window's does: a day each, or two.

    A day alone would be an empty list where ``to_date`` is not inclusive.
    """
    length = 0 if calendar.to_date_inclusive else 1
    day = window.ask_from
    while day <= window.ask_to:
        yield msgspec.structs.replace(window, ask_from=day, ask_to=shift_day(day, length))
        day = shift_day(day, 1)


def ends_of(window: Window) -> Iterator[Window]:
    """Yield questions for a window's last days, each for a day less: a list that is full lacks what is new in there."""
    for days in range(_END_DAYS, 0, -1):
        begin = shift_day(window.ask_to, -days)
        if begin > window.ask_from:
            yield msgspec.structs.replace(window, ask_from=begin)


def _asked(window: Window) -> tuple[date, date]:
    return window.ask_from, window.ask_to
