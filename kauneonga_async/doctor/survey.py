"""Survey: which lists to ask for, one after the other, until the server's calendar is found out. Sans-I/O."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from datetime import date, timedelta
from typing import Final, Literal

import msgspec

from kauneonga_async.calendars import DAY
from kauneonga_async.doctor.evidence import Evidence, Held, Question
from kauneonga_async.doctor.zones import Zone, alike, name_of

__all__ = ["MOST_QUESTIONS", "CalendarVerdict", "Flaw", "survey"]

MOST_QUESTIONS: Final = 48

_ENOUGH = 40  # records around a day, that make longer lists needless
_SETTLED = timedelta(days=4)  # days that are as far back change no more, wherever the server is
_YEARS_TRIED = 3  # for records of a season
_YEARS_BACK = (2, 4, 8)  # how far back the account may go
_FAR_DAYS = 8  # on which the zones that are left differ, to be looked at
_MOST_COMPARED = 150  # zones; while more are possible, there is no use in comparing them day by day

Asking = Generator[Question, Held, None]
Flaw = Literal["unfiltered", "cut", "contradiction", "no records"]


class CalendarVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out of the server's calendar.

    Attributes:
        timezone: The zone of the server's dates, by its IANA name; None if several are possible.
        to_date_inclusive: Whether the day of ``to_date`` is listed; None if that did not show.
        candidates: The zones that are possible, one name for those whose days are alike.
        january: The least and the greatest offset from UTC in January that is possible, in minutes.
        july: The same, in July.
        since: The earliest day that was looked at and had records: for days before it nothing is claimed.
        records: How many records it rests on.
        questions: How many lists were asked for.
        flaw: Why nothing can be said: the lists are not filtered by this date, or are cut off, or fit no zone that
            there is; or there are no records.
    """

    timezone: str | None = None
    to_date_inclusive: bool | None = None
    candidates: tuple[str, ...] = ()
    january: tuple[int, int] | None = None
    july: tuple[int, int] | None = None
    since: date | None = None
    records: int = 0
    questions: int = 0
    flaw: Flaw | None = None


def survey(today: date, zones: Sequence[Zone]) -> Generator[Question, Held, CalendarVerdict]:
    """Yield questions, be sent what each list held, and return the verdict, after ``MOST_QUESTIONS`` at the most.

    Args:
        today: The present day.
        zones: All zones there are.
    """
    run = _Survey(today, zones)
    yield from run.look_at_seasons()
    yield from run.narrow()
    yield from run.tell_apart()
    return run.verdict()


class _Survey:
    def __init__(self, today: date, zones: Sequence[Zone]) -> None:
        self._today = today
        self._newest = today - _SETTLED
        self._evidence = Evidence(zones)
        self._questions = 0
        self._days: set[date] = set()  # around which records are known
        self._oldest: date | None = None

    @property
    def _is_over(self) -> bool:
        return self._questions >= MOST_QUESTIONS or not self._evidence.calendars

    def look_at_seasons(self) -> Asking:
        """Look at winter and summer, for the offset may differ; and at years back, for it may have differed."""
        middles = [_latest(month, self._newest) for month in (1, 7)]
        for middle in middles:
            for back in range(_YEARS_TRIED):
                before = self._evidence.records
                yield from self._look(middle.replace(year=middle.year - back))
                if self._evidence.records - before >= _ENOUGH:
                    break
        for back in _YEARS_BACK:
            yield from self._look(max(middles).replace(year=max(middles).year - back), thoroughly=False)

    def narrow(self, days: Iterable[date] | None = None) -> Asking:
        """Ask single days, each time the one that tells most, until none tells anything."""
        while not self._is_over:
            question = self._evidence.best_question(sorted(self._days if days is None else days))
            if question is None:
                return
            yield from self._ask(question)

    def tell_apart(self) -> Asking:
        """Look at days on which the zones that are left differ."""
        if self._oldest is None or len(self._evidence.zones) > _MOST_COMPARED:
            return
        groups = self._groups()
        tried: set[date] = set()
        for _ in range(_FAR_DAYS):
            left = set(self._evidence.zones)
            heads = [next(zone for zone in group if zone in left) for group in groups if left.intersection(group)]
            day = self._differing_day(heads, tried)
            if self._is_over or day is None:
                return
            tried |= _around(day, 15)
            yield from self._look(day)
            yield from self.narrow(_around(day, 2))
        yield from self.narrow()

    def verdict(self) -> CalendarVerdict:
        """Return what was found out."""
        evidence = self._evidence
        flaw = self._flaw()
        if flaw is not None:
            return CalendarVerdict(records=evidence.records, questions=self._questions, flaw=flaw)
        groups = self._groups() if len(evidence.zones) <= _MOST_COMPARED else []
        names = sorted(name_of(group) for group in groups)
        january, july = (_offsets(evidence.zones, _latest(month, self._today)) for month in (1, 7))
        return CalendarVerdict(
            timezone=names[0] if len(names) == 1 else None,
            to_date_inclusive=evidence.to_date_inclusive,
            candidates=tuple(names),
            january=january,
            july=july,
            since=self._oldest,
            records=evidence.records,
            questions=self._questions,
        )

    def _flaw(self) -> Flaw | None:
        if not self._evidence.is_filtered:
            return "unfiltered"
        if not self._evidence.is_whole:
            return "cut"
        if not self._evidence.calendars:
            return "contradiction"
        return None if self._evidence.records else "no records"

    def _ask(self, question: Question) -> Asking:
        self._questions += 1
        held = yield question
        self._evidence.add(question, held)

    def _look(self, day: date, *, thoroughly: bool = True) -> Asking:
        """Ask for the days around one; for more of them, if they hold little."""
        before = self._evidence.records
        for reach in (2, 15) if thoroughly else (2,):
            if self._is_over or self._evidence.records - before >= _ENOUGH:
                return
            first, last = day - reach * DAY, min(day + (reach + 1) * DAY, self._newest)
            known = self._evidence.records
            yield from self._ask(Question(first, last))
            if self._evidence.records > known:
                self._days |= {first + n * DAY for n in range((last - first).days)}
                self._oldest = first if self._oldest is None else min(self._oldest, first)

    def _groups(self) -> list[list[Zone]]:
        """Return the zones that are left, those together whose days have been, and will be for a year, alike."""
        first, last = self._oldest or self._today, self._today + 366 * DAY
        return alike(self._evidence.zones, [first + n * DAY for n in range((last - first).days)])

    def _differing_day(self, zones: Sequence[Zone], tried: set[date]) -> date | None:
        """Return the latest day on which these zones differ, and which was not looked at."""
        assert self._oldest is not None
        day = self._newest - 3 * DAY
        while len(zones) > 1 and day >= self._oldest:
            if day not in tried and len({zone.start_of(day) for zone in zones}) > 1:
                return day
            day -= DAY
        return None


def _latest(month: int, before: date) -> date:
    """Return the latest middle of a month that lies with half a month around it before a day."""
    middle = date(before.year, month, 15)
    return middle if middle + 16 * DAY <= before else middle.replace(year=before.year - 1)


def _around(day: date, reach: int) -> set[date]:
    return {day + n * DAY for n in range(-reach, reach + 1)}


def _offsets(zones: Iterable[Zone], day: date) -> tuple[int, int]:
    offsets = [zone.offset_on(day) for zone in zones]
    return min(offsets), max(offsets)
