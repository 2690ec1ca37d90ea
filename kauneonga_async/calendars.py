"""ServerCalendar: what is known of the server's dates, and the step from an instant to the server's day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property

__all__ = ["DAY", "ServerCalendar", "shift_day"]

DAY = timedelta(days=1)
FIRST_INSTANT = datetime.min.replace(tzinfo=UTC)
LAST_INSTANT = datetime.max.replace(tzinfo=UTC)

# The offsets of the world's time zones: a server's day begins at most this long before and after the UTC day.
EASTERNMOST = timedelta(hours=14)
WESTERNMOST = timedelta(hours=-12)

# By so much does the difference between two zones change in a year: one's summer is the other's winter, and
# Antarctica/Troll moves its clocks by two hours.
LARGEST_CHANGE = timedelta(hours=3)


class ServerCalendar:
    """What is known of how the server reads ``from_date`` and ``to_date``.

    Whatever is left unknown is made up for: each window asks for a day more before and two more after, and
    what it did not own is dropped. What is stated is believed, checked against what comes back, and saves
    those days. `kauneonga_async` treats days as UTC days until a time zone is given.

    Args:
        timezone: The zone that the server's dates are in: an IANA name (``"America/New_York"``) or a
            ``tzinfo``; None if unknown.
        to_date_inclusive: Whether the day of ``to_date`` itself is listed; None if unknown.
        date_field: The field that the server filters on. Each record of a dated listing must hold it. Over a
            field that moves, like ``updated_at``, no completeness can be promised.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: There is no such time zone, or ``date_field`` is empty.

    Examples:
        >>> ServerCalendar()
        ServerCalendar(timezone=None, to_date_inclusive=None, date_field='created_at')
        >>> ServerCalendar("America/New_York", to_date_inclusive=True).is_known
        True
    """

    def __init__(
        self,
        timezone: str | tzinfo | None = None,
        to_date_inclusive: bool | None = None,  # noqa: FBT001 - three positions, in this order, are the contract
        date_field: str = "created_at",
    ) -> None:
        if isinstance(timezone, str):
            from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - a hundredth of all that is imported

            try:
                self._zone: tzinfo | None = ZoneInfo(timezone)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise ValueError(
                    f"timezone: no time zone is called {timezone!r}; give an IANA name such as 'America/New_York'"
                ) from error
        elif timezone is None or isinstance(timezone, tzinfo):
            self._zone = timezone
        else:
            raise TypeError(f"timezone: a string, a tzinfo or None is needed, not {type(timezone).__name__}")
        if to_date_inclusive is not None and not isinstance(to_date_inclusive, bool):
            raise TypeError(f"to_date_inclusive: True, False or None is needed, not {type(to_date_inclusive).__name__}")
        if not isinstance(date_field, str):
            raise TypeError(f"date_field: a string is needed, not {type(date_field).__name__}")
        if not date_field:
            raise ValueError("date_field: a field's name is needed, not an empty string")
        self._to_date_inclusive = to_date_inclusive
        self._date_field = date_field

    @property
    def timezone(self) -> tzinfo | None:
        """The zone of the server's dates, or None if it is unknown."""
        return self._zone

    @property
    def to_date_inclusive(self) -> bool | None:
        """Whether the day of ``to_date`` is listed, or None if that is unknown."""
        return self._to_date_inclusive

    @property
    def date_field(self) -> str:
        """The field that the server filters on, by which records are owned."""
        return self._date_field

    @property
    def is_known(self) -> bool:
        """Whether enough is stated for windows to ask for exactly their own days."""
        return self._zone is not None and self._to_date_inclusive is not None

    @cached_property
    def days_before(self) -> int:
        """Days that a window asks for before its own first."""
        return 0 if self._zone is not None else 1

    @cached_property
    def days_after(self) -> int:
        """Days by which ``to_date`` passes a window's own last day."""
        offset = 0 if self._zone is not None else 1
        return offset + (0 if self._to_date_inclusive else 1)

    def start_of(self, day: date) -> datetime:
        """Return the instant, in UTC, at which a day begins: a UTC day where no zone is stated.

        The bounds of what Python's datetime can express stand for what lies beyond them.
        """
        midnight = datetime.combine(day, time.min, self._zone or UTC)
        try:
            return midnight.astimezone(UTC)
        except OverflowError:
            return FIRST_INSTANT if day.year == date.min.year else LAST_INSTANT

    def end_of(self, day: date) -> datetime:
        """Return the instant, in UTC, at which the day after this one begins."""
        return LAST_INSTANT if day == date.max else self.start_of(day + DAY)

    def day_of(self, instant: datetime) -> date:
        """Return the day that an aware instant falls into: a UTC day where no zone is stated."""
        try:
            return instant.astimezone(self._zone or UTC).date()
        except OverflowError:
            return instant.date()

    def reach(self, ask_from: date, ask_to: date) -> tuple[datetime, datetime]:
        """Return the instants [earliest, latest) that an answer to these two dates can hold at all.

        A record outside of them shows that the calendar is wrong, or that the server filters on another
        field or not at all.
        """
        last = shift_day(ask_to, -1) if self._to_date_inclusive is False else ask_to
        start, end = self.start_of(ask_from), self.end_of(last)
        if self._zone is not None:
            return start, end
        return _shift(start, -EASTERNMOST), _shift(end, -WESTERNMOST)

    def is_borne_out(self, ask_from: date, ask_to: date, earliest: datetime, latest: datetime) -> bool:
        """Tell whether an answer to two dates shows that ``to_date`` includes its day.

        A record of that day is no proof by itself. A server that does not include it, and whose days begin some hours
        later than those stated, lists the last day's first hours, and lacks the first day's: of the hours between
        both midnights and the answer's two ends, never more behind the last than before the first, but for the hours
        by which the difference of two zones changes in a year.

        Args:
            ask_from: The ``from_date`` that was sent.
            ask_to: The ``to_date`` that was sent.
            earliest: The first date in the answer.
            latest: The last date in the answer.
        """
        if ask_from == ask_to:
            return True  # else it would be empty
        lacking_at_most, last_days = earliest - self.start_of(ask_from), latest - self.start_of(ask_to)
        return last_days - lacking_at_most >= LARGEST_CHANGE

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ServerCalendar):
            return NotImplemented
        # Two zones of one name may differ: a tzinfo's name can be anything.
        return self._zone == other._zone and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)  # by the zone's name: not every tzinfo can be hashed

    def __repr__(self) -> str:
        zone = None if self._zone is None else str(self._zone)
        return (
            f"ServerCalendar(timezone={zone!r}, to_date_inclusive={self._to_date_inclusive!r}, "
            f"date_field={self._date_field!r})"
        )

    @property
    def _identity(self) -> tuple[str | None, bool | None, str]:
        return (
            None if self._zone is None else str(self._zone),
            self._to_date_inclusive,
            self._date_field,
        )


def shift_day(day: date, days: int) -> date:
    """Return the day so many days later (earlier, if negative), or the last (first) one there is."""
    try:
        return day + days * DAY
    except OverflowError:
        return date.max if days > 0 else date.min


def _shift(instant: datetime, by: timedelta) -> datetime:
    try:
        return instant + by
    except OverflowError:
        return LAST_INSTANT if by > timedelta() else FIRST_INSTANT
