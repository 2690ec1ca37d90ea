"""Evidence: what lists of days held, and which calendars of the server's that leaves possible. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from kauneonga_async.calendars import DAY, ServerCalendar
from kauneonga_async.doctor.zones import Zone

__all__ = ["Evidence", "Held", "Question"]

_ANYWHERE = ServerCalendar()  # reaches as far as any zone's days do
_EASTERNMOST, _WESTERNMOST = timedelta(hours=14), timedelta(hours=-12)


class Question(NamedTuple):
    """A list to ask for: its ``from_date`` and ``to_date``."""

    first: date
    last: date


class Held(NamedTuple):
    """What a list held.

    Attributes:
        instants: The records' dates, in milliseconds since the epoch; in any order.
        complete: Whether it was read to its end.
    """

    instants: Sequence[int]
    complete: bool = True


class Calendar(NamedTuple):
    """What a server may mean by its dates."""

    zone: Zone
    to_date_inclusive: bool

    def bounds(self, question: Question) -> tuple[int, int]:
        """Return the instants [start, end) that an answer to a question holds."""
        after = question.last + DAY if self.to_date_inclusive else question.last
        return self.zone.start_of(question.first), self.zone.start_of(after)


class Evidence:
    """Lists, and the calendars under which a server that holds what was seen would have given just them.

    A calendar is possible if each list holds all records that are known and in its days, and no other. Neither order
    nor density of the records matters; each list sharpens what others say.

    Attributes:
        calendars: Those that are possible.
        is_filtered: False once a list held a record that no zone puts into its days: the server does not filter on
            this date, or not at all.
        is_whole: False once a list lacked a record that every zone puts into its days: lists are cut off.
    """

    def __init__(self, zones: Iterable[Zone]) -> None:
        self.calendars: list[Calendar] = [Calendar(zone, inclusive) for zone in zones for inclusive in (True, False)]
        self.is_filtered: bool = True
        self.is_whole: bool = True
        self._known: list[int] = []
        self._lists: list[tuple[Question, list[int], bool]] = []

    @property
    def records(self) -> int:
        """How many instants are known at which a record was created."""
        return len(self._known)

    @property
    def zones(self) -> list[Zone]:
        """The zones that are possible."""
        return list({id(calendar.zone): calendar.zone for calendar in self.calendars}.values())

    @property
    def to_date_inclusive(self) -> bool | None:
        """Whether ``to_date`` is listed, if all that is possible says the same."""
        meanings = {calendar.to_date_inclusive for calendar in self.calendars}
        return meanings.pop() if len(meanings) == 1 else None

    def add(self, question: Question, held: Held) -> None:
        """Take what a list held into account."""
        instants = sorted(set(held.instants))
        if not set(instants) <= set(self._known):
            self._known = sorted({*self._known, *instants})
        self._lists.append((question, instants, held.complete))
        self._look_for_flaws()
        self.calendars = [calendar for calendar in self.calendars if self._is_possible(calendar)]

    def best_question(self, days: Iterable[date]) -> Question | None:
        """Return what to ask next: the question about one of these days whose answer leaves the least to be possible.

        None if every answer that can be foreseen would leave all as it is.
        """
        best: Question | None = None
        least = len(self.calendars) ** 2
        for day in days:
            question = Question(day, day + DAY)
            left = sum(count * count for count in self._outcomes(question).values())
            if left < least:
                best, least = question, left
        return best

    def _outcomes(self, question: Question) -> Counter[tuple[int, int]]:
        """Count the calendars by the answer that each foresees."""
        by_bounds = Counter(calendar.bounds(question) for calendar in self.calendars)
        outcomes: Counter[tuple[int, int]] = Counter()
        for (start, end), count in by_bounds.items():
            outcomes[bisect_left(self._known, start), bisect_left(self._known, end)] += count
        return outcomes

    def _is_possible(self, calendar: Calendar) -> bool:
        for question, instants, complete in self._lists:
            start, end = calendar.bounds(question)
            if instants and (instants[0] < start or instants[-1] >= end):
                return False
            if complete:
                known = bisect_left(self._known, end) - bisect_left(self._known, start)
                if max(0, known) != len(instants):
                    return False
        return True

    def _look_for_flaws(self) -> None:
        for question, instants, complete in self._lists:
            earliest, latest = map(_milliseconds, _ANYWHERE.reach(question.first, question.last))
            if instants and (instants[0] < earliest or instants[-1] >= latest):
                self.is_filtered = False
            start = _milliseconds(_midnight(question.first) - _WESTERNMOST)
            end = _milliseconds(_midnight(question.last) - _EASTERNMOST)
            sure = self._known[bisect_left(self._known, start) : bisect_left(self._known, end)]
            if complete and not set(sure) <= set(instants):
                self.is_whole = False


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)
