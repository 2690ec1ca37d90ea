"""The survey against simulated servers: what is claimed of a calendar is true; with data enough, it is found."""

from __future__ import annotations

import random
from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kauneonga_async.doctor import survey as survey_module
from kauneonga_async.doctor.evidence import Held, Question
from kauneonga_async.doctor.survey import MOST_QUESTIONS, CalendarVerdict, survey
from kauneonga_async.doctor.zones import load_zones

TODAY = date(2026, 11, 23)
ZONES = ["UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Honolulu"]
EVERY_ZONE = load_zones()
DAY = timedelta(days=1)


class Server:
    """A server that holds records at some instants."""

    def __init__(self, instants: list[datetime], timezone: str, *, to_date_inclusive: bool) -> None:
        self.instants = sorted(instants)
        self.zone = ZoneInfo(timezone)
        self.inclusive = to_date_inclusive
        self.cap: int | None = None
        self.filters = True

    def answer(self, question: Question) -> Held:
        start = self._midnight(question.first)
        end = self._midnight(question.last + DAY if self.inclusive else question.last)
        found = self.instants
        if self.filters:
            found = self.instants[bisect_left(self.instants, start) : bisect_left(self.instants, end)]
        return Held([round(instant.timestamp() * 1000) for instant in found[: self.cap]])

    def _midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)


def examine(server: Server) -> CalendarVerdict:
    asking = survey(TODAY, EVERY_ZONE)
    question = next(asking)
    count = 0
    while True:
        count += 1
        assert question.first <= question.last < TODAY
        try:
            question = asking.send(server.answer(question))
        except StopIteration as stop:
            verdict: CalendarVerdict = stop.value
            assert verdict.questions == count <= MOST_QUESTIONS
            return verdict


@cache
def instants(per_day: float, first: date, *, seed: int = 1, last: date = TODAY) -> list[datetime]:
    chance = random.Random(seed)
    moment = datetime(first.year, first.month, first.day, tzinfo=UTC)
    end = datetime(last.year, last.month, last.day, tzinfo=UTC)
    found = []
    while (moment := moment + timedelta(days=chance.expovariate(per_day))) < end:
        found.append(moment.replace(microsecond=moment.microsecond // 1000 * 1000))
    return found


def is_true(verdict: CalendarVerdict, server: Server, *, timezone: str) -> bool:
    """Tell whether what is claimed agrees with what the server does, from the first day it is claimed for."""
    if verdict.to_date_inclusive not in (None, server.inclusive):
        return False
    if verdict.timezone is None:
        return True
    assert verdict.since is not None
    claimed, real = ZoneInfo(verdict.timezone), ZoneInfo(timezone)
    days = [verdict.since + n * DAY for n in range((TODAY - verdict.since).days)]
    return all(
        datetime(d.year, d.month, d.day, tzinfo=claimed).timestamp()
        == datetime(d.year, d.month, d.day, tzinfo=real).timestamp()
        for d in days
    )


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("timezone", ZONES)
def test_with_data_enough_the_calendar_is_found(timezone: str, inclusive: bool) -> None:
    server = Server(instants(60, date(2024, 1, 1)), timezone, to_date_inclusive=inclusive)
    verdict = examine(server)
    assert (verdict.timezone, verdict.to_date_inclusive) == (timezone, inclusive)
    assert verdict.flaw is None


@given(
    timezone=st.sampled_from(ZONES),
    inclusive=st.booleans(),
    per_day=st.sampled_from([0.01, 0.2, 1.0, 5.0, 40.0]),
    years=st.sampled_from([0.3, 1, 2]),
    seed=st.integers(0, 10_000),
)
@settings(max_examples=8, deadline=None)
def test_whatever_the_data_nothing_false_is_claimed(
    timezone: str, inclusive: bool, per_day: float, years: float, seed: int
) -> None:
    first = TODAY - timedelta(days=round(365 * years))
    server = Server(instants(per_day, first, seed=seed), timezone, to_date_inclusive=inclusive)
    verdict = examine(server)
    assert is_true(verdict, server, timezone=timezone)
    assert verdict.flaw == ("no records" if not verdict.records else None)
    if verdict.records:
        assert verdict.january is not None
        low, high = verdict.january
        offset = datetime(2026, 1, 15, tzinfo=ZoneInfo(timezone)).utcoffset()
        assert low <= (offset or timedelta()).total_seconds() / 60 <= high


@pytest.mark.parametrize("timezone", ["America/Havana", "America/Toronto", "US/Eastern"])
def test_zones_whose_days_are_alike_are_called_by_the_name_that_servers_use(timezone: str) -> None:
    server = Server(instants(60, date(2024, 1, 1)), timezone, to_date_inclusive=True)
    assert examine(server).timezone == "America/New_York"


@pytest.mark.parametrize("timezone", ["Europe/Athens", "Asia/Jerusalem"])
def test_zones_that_differ_on_a_few_days_are_told_apart_on_those(timezone: str) -> None:
    server = Server(instants(60, date(2024, 1, 1)), timezone, to_date_inclusive=True)
    assert examine(server).timezone == timezone


def test_the_number_of_questions_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey_module, "MOST_QUESTIONS", 7)
    verdict = examine(Server(instants(0.3, date(2020, 1, 1)), "Asia/Kolkata", to_date_inclusive=True))
    assert verdict.questions == 7
    assert verdict.timezone is None


def test_records_of_one_season_leave_the_zone_open_and_say_the_offset() -> None:
    server = Server(instants(60, date(2026, 6, 1), last=date(2026, 8, 31)), "America/New_York", to_date_inclusive=False)
    verdict = examine(server)
    assert verdict.timezone is None
    assert {"America/New_York", "America/Santiago"} <= set(verdict.candidates)
    assert verdict.july == (-240, -240)
    assert verdict.to_date_inclusive is False


@pytest.mark.parametrize("cap", [100, 137])
def test_lists_that_are_cut_off_are_noticed(cap: int) -> None:
    server = Server(instants(60, date(2024, 1, 1)), "UTC", to_date_inclusive=True)
    server.cap = cap
    verdict = examine(server)
    assert (verdict.flaw, verdict.timezone, verdict.to_date_inclusive) == ("cut", None, None)


def test_a_server_that_ignores_the_dates_is_noticed() -> None:
    server = Server(instants(5, date(2026, 1, 1)), "UTC", to_date_inclusive=True)
    server.filters = False
    assert examine(server).flaw == "unfiltered"


def test_days_of_no_zone_are_noticed() -> None:
    server = Server(instants(500, date(2025, 6, 1)), "UTC", to_date_inclusive=True)
    days = server._midnight
    server._midnight = lambda day: days(day) + timedelta(minutes=17)  # type: ignore[method-assign]
    assert examine(server).flaw == "contradiction"


def test_a_list_that_was_not_read_to_its_end_counts_for_what_came_of_it() -> None:
    server = Server(instants(60, date(2024, 1, 1)), "America/New_York", to_date_inclusive=True)
    whole = server.answer
    server.answer = lambda question: Held(whole(question).instants[:100], complete=False)  # type: ignore[method-assign]
    verdict = examine(server)
    assert verdict.flaw is None
    assert is_true(verdict, server, timezone="America/New_York")


def test_an_account_without_records_says_so() -> None:
    verdict = examine(Server([], "UTC", to_date_inclusive=True))
    assert (verdict.flaw, verdict.candidates) == ("no records", ())
