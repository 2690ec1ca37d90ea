"""Caps: whether a server cuts its lists off in silence, and how to ask so that it does not matter. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

import msgspec

from kauneonga_async.calendars import DAY, ServerCalendar, shift_day
from kauneonga_async.errors import IncompleteResult
from kauneonga_async.streams import USUAL_CAPS
from kauneonga_async.watching.question import Answered
from kauneonga_async.windows import Window

__all__ = ["Caps", "slices_of", "tail_of"]

_TAIL_DAYS: Final = 3


class Caps:
    """What the answers to a watch show of a limit to them.

    Attributes:
        cap: At how many records lists are cut off, once that is proven.
    """

    def __init__(self) -> None:
        self.cap: int | None = None
        self._cleared: dict[tuple[date, date], int] = {}  # by what was asked for, the total that was looked into

    def suspects(self, window: Window, answered: Answered, before: tuple[int, int] | None, now: datetime) -> bool:
        """Tell whether an answer looks as if it had been cut off, and was not looked into yet.

        Args:
            window: What was asked for.
            answered: What came.
            before: The total, and the ids' hash, of the answer before this one to the same window.
            now: The server's time.
        """
        total = answered.total
        if total < min(USUAL_CAPS):
            return False
        if before is not None and before[0] == total and before[1] != hash(frozenset(answered.ids)):
            return True  # just as many, and others: as if each new one pushed an old one out
        if total not in USUAL_CAPS and not _stops_short(window, answered, now, first_look=before is None):
            return False
        return not self.is_cleared(window, total)

    def is_cleared(self, window: Window, total: int) -> bool:
        """Tell whether an answer of so many records was looked into, and found whole."""
        return bool(self._cleared) and self._cleared.get(_asked(window)) == total

    def clear(self, window: Window, total: int) -> None:
        """Tell that an answer was looked into, and found whole."""
        if len(self._cleared) > len(USUAL_CAPS):
            self._cleared.clear()
        self._cleared[_asked(window)] = total

    def doubt(self, window: Window) -> None:
        """Tell that an answer that was found whole may not be so any more."""
        self._cleared.pop(_asked(window), None)

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


def slices_of(window: Window, calendar: ServerCalendar) -> Iterator[Window]:
    """Yield the smallest questions whose answers together hold all that a window's does: a day each, or two.

    A day alone would be an empty list where ``to_date`` is not inclusive.
    """
    length = 0 if calendar.to_date_inclusive else 1
    day = window.ask_from
    while day <= window.ask_to:
        yield msgspec.structs.replace(window, ask_from=day, ask_to=shift_day(day, length))
        day = shift_day(day, 1)


def tail_of(window: Window) -> Window:
    """Return the question for a window's last days, where a list that is cut off at its end lacks what is new."""
    return msgspec.structs.replace(window, ask_from=max(window.ask_from, shift_day(window.ask_to, -_TAIL_DAYS)))


def _stops_short(window: Window, answered: Answered, now: datetime, *, first_look: bool) -> bool:
    """Tell whether records stop a day or more before the end, or, where it is the first look, after the beginning.

    An account that is quiet on Sundays would be looked into with each message of its Mondays.
    """
    if answered.earliest is None or answered.latest is None:
        return False
    end = now if window.end is None else min(now, window.end)
    return end - answered.latest >= DAY or (first_look and answered.earliest - window.start >= DAY)


def _asked(window: Window) -> tuple[date, date]:
    return window.ask_from, window.ask_to
