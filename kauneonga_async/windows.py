"""Windows: from a range of dates to what is asked for, and who owns a record. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import overload

import msgspec

from kauneonga_async import config
from kauneonga_async.calendars import DAY, ServerCalendar, shift_day

__all__ = ["Plan", "Range", "Window", "api_date", "between", "check_range", "check_window", "plan"]

MICROSECOND = timedelta(microseconds=1)


def api_date(day: date) -> str:
    """Return a day as the API writes it, MM-DD-YYYY (API.md, Requests)."""
    return f"{day.month:02}-{day.day:02}-{day.year:04}"


class Range(msgspec.Struct, frozen=True):
    """A range of time: instants from ``start``, to before ``end``, or open-ended where ``end`` is None."""

    start: datetime
    end: datetime | None


class Window(msgspec.Struct, frozen=True, cache_hash=True):
    """Consecutive days that are asked for at once.

    It *owns* the records whose date lies in [start, end): of any two windows of a plan, never both. It *asks*
    for the days from ``ask_from`` to ``ask_to``, which hold all of those whatever the server's time zone is
    and whether or not ``to_date`` is inclusive (API.md, What the document does not say).

    Attributes:
        first: The first day owned, in the calendar's zone.
        last: The last day owned.
        start: The first instant owned, in UTC.
        end: The first instant no longer owned, or None in the last window of an open-ended range.
        ask_from: The ``from_date`` to send.
        ask_to: The ``to_date`` to send.
    """

    first: date
    last: date
    start: datetime
    end: datetime | None
    ask_from: date
    ask_to: date

    @property
    def days(self) -> int:
        """How many days it owns, in whole or in part."""
        return (self.last - self.first).days + 1

    def owns(self, instant: datetime) -> bool:
        """Tell whether a record of this instant is this window's to hand out."""
        return self.start <= instant and (self.end is None or instant < self.end)

    def is_of_whole_days(self, calendar: ServerCalendar) -> bool:
        """Tell whether no other window can own a part of one of its days."""
        return self.start == calendar.start_of(self.first) and self.end in (None, calendar.end_of(self.last))

    def halves(self, calendar: ServerCalendar) -> tuple[Window, Window] | None:
        """Return two windows that own between them what this one owns, or None if it is a single day."""
        if self.days == 1:
            return None
        middle = self.first + (self.days // 2) * DAY
        boundary = calendar.start_of(middle)
        return (
            _window(calendar, self.first, middle - DAY, self.start, boundary),
            _window(calendar, middle, self.last, boundary, self.end),
        )

    def last_day(self, calendar: ServerCalendar, days_after: int) -> Window:
        """Return the window of its last day alone, which asks for so many days behind that."""
        return msgspec.structs.replace(
            self,
            first=self.last,
            start=max(self.start, calendar.start_of(self.last)),
            ask_from=self.last,
            ask_to=shift_day(self.last, days_after),
        )

    def __str__(self) -> str:
        if self.first == self.last:
            return self.first.isoformat()
        return f"{self.first.isoformat()}..{self.last.isoformat()}"


class Plan(Sequence[Window]):
    """The windows of a range, in order, each made when it is looked at: a plan of any length costs nothing."""

    def __init__(self, bounds: Range, days: int, calendar: ServerCalendar, today: date) -> None:
        self._bounds = bounds
        self._days = days
        self._calendar = calendar
        self._first = calendar.day_of(bounds.start)
        if bounds.end is None:
            self._last = max(today, self._first)
        else:
            self._last = calendar.day_of(bounds.end - MICROSECOND) if bounds.end > bounds.start else self._first - DAY

    @property
    def window_days(self) -> int:
        """Days in every window but, perhaps, the last."""
        return self._days

    def __len__(self) -> int:
        return ceil(((self._last - self._first).days + 1) / self._days)

    @overload
    def __getitem__(self, index: int) -> Window: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Window]: ...
    def __getitem__(self, index: int | slice) -> Window | Sequence[Window]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        count = len(self)
        position = index + count if index < 0 else index
        if not 0 <= position < count:
            raise IndexError(index)
        first = self._first + position * self._days * DAY
        is_last = position == count - 1
        last = self._last if is_last else first + (self._days - 1) * DAY
        start = self._bounds.start if position == 0 else self._calendar.start_of(first)
        end = self._bounds.end if is_last else self._calendar.end_of(last)
        return _window(self._calendar, first, last, start, end)

    def __iter__(self) -> Iterator[Window]:
        return (self[i] for i in range(len(self)))


def plan(bounds: Range, calendar: ServerCalendar, window: timedelta | None, now: datetime) -> Plan:
    """Plan the windows of a range.

    Args:
        bounds: The range, as :func:`check_range` returns it.
        calendar: What is known of the server's dates.
        window: The length of a window, in whole days; None lets the range decide.
        now: The present, aware: an open-ended range ends with the day after tomorrow.
    """
    today = calendar.day_of(now)
    if window is not None:
        return Plan(bounds, window.days, calendar, today)
    end = calendar.day_of(bounds.end) if bounds.end is not None else today
    days = (end - calendar.day_of(bounds.start)).days
    return Plan(bounds, _choose_days(days), calendar, today)


def between(start: datetime, end: datetime, calendar: ServerCalendar) -> Window:
    """Return the window that owns the instants from ``start`` to before ``end``."""
    return _window(calendar, calendar.day_of(start), calendar.day_of(end - MICROSECOND), start, end)


def check_range(from_date: date | None, to_date: date | None, calendar: ServerCalendar) -> Range | None:
    """Return the range that two arguments mean, or None if both are None.

    Args:
        from_date: A date, which is included, or an aware datetime, an exact instant, included.
        to_date: A date, which is included, or an aware datetime, an exact instant, not included; None for no
            end.
        calendar: Whose days the dates are.

    Raises:
        TypeError: An argument is neither a date nor a datetime, or one is a date and the other a datetime.
        ValueError: ``to_date`` stands alone or before ``from_date``, or a datetime has no time zone.
    """
    for name, value in (("from_date", from_date), ("to_date", to_date)):
        if value is not None:
            check_day(name, value)
    if from_date is None:
        if to_date is not None:
            raise ValueError("to_date: it cannot stand without from_date; give both, from_date alone, or neither")
        return None
    if to_date is not None and isinstance(from_date, datetime) is not isinstance(to_date, datetime):
        raise TypeError(
            "from_date, to_date: one is a date and the other a datetime; give two dates (whole days) or two "
            "datetimes (exact instants)"
        )
    if isinstance(from_date, datetime):
        bounds = Range(_utc("from_date", from_date), None)
        if isinstance(to_date, datetime):
            bounds = Range(bounds.start, _utc("to_date", to_date))
    else:
        end = None if to_date is None else calendar.end_of(to_date)
        bounds = Range(calendar.start_of(from_date), end)
    if to_date is not None and to_date < from_date:
        raise ValueError(f"to_date: {to_date.isoformat()} lies before from_date, {from_date.isoformat()}")
    return bounds


def check_day(name: str, value: date) -> date:
    """Return a bound of a range if it is a date or an aware datetime."""
    if not isinstance(value, date):
        raise TypeError(f"{name}: a datetime.date or an aware datetime.datetime is needed, not {type(value).__name__}")
    if isinstance(value, datetime) and value.utcoffset() is None:
        raise ValueError(
            f"{name}: the datetime {value.isoformat()} has no time zone, so it could mean any of 26 hours; "
            "add one, as in datetime(..., tzinfo=UTC)"
        )
    return value


def check_window(window: timedelta | None) -> timedelta | None:
    """Return a window's length if it can be asked for.

    Raises:
        TypeError: It is no timedelta.
        ValueError: It is not a positive number of whole days: the API's dates are days.
    """
    if window is None:
        return None
    if not isinstance(window, timedelta):
        raise TypeError(f"window: a timedelta of whole days is needed, not {type(window).__name__}")
    if window < DAY or window % DAY:
        raise ValueError(f"window: {window} is not a positive number of whole days, and the API's dates are days")
    return window


def _choose_days(days: int) -> int:
    longest, shortest = config.LONGEST_WINDOW_DAYS, config.SHORTEST_WINDOW_DAYS
    return min(longest, max(shortest, ceil(days / config.WINDOWS_AIMED_AT)))


def _window(calendar: ServerCalendar, first: date, last: date, start: datetime, end: datetime | None) -> Window:
    ask_to = shift_day(last, config.OPEN_END_DAYS if end is None else calendar.days_after)
    return Window(first, last, start, end, shift_day(first, -calendar.days_before), ask_to)


def _utc(name: str, instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{name}: {instant.isoformat()} cannot be expressed in UTC") from None
