"""ServerCalendar: from instants to the server's days, and what an answer can hold."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kauneonga_async import ServerCalendar

ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Pacific/Kiritimati", "Asia/Kathmandu", "America/Havana",
         "Australia/Lord_Howe", "Pacific/Apia", "Asia/Beirut", "Etc/GMT+12"]  # fmt: skip


@given(zone=st.sampled_from(ZONES), day=st.dates(date(1990, 1, 1), date(2035, 12, 31)))
def test_days_follow_each_other_without_gap_or_overlap(zone: str, day: date) -> None:
    calendar = ServerCalendar(zone)
    begin, end = calendar.start_of(day), calendar.end_of(day)
    assert begin <= end == calendar.start_of(day + timedelta(days=1))
    if begin < end:
        assert calendar.day_of(begin) == calendar.day_of(end - timedelta(microseconds=1)) == day
        assert calendar.day_of(begin - timedelta(microseconds=1)) < day


@given(zone=st.sampled_from(ZONES), moment=st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1)))  # noqa: DTZ001
def test_an_unknown_zone_reaches_as_far_as_any_does(zone: str, moment: datetime) -> None:
    instant = moment.replace(tzinfo=UTC)
    day = instant.astimezone(ZoneInfo(zone)).date()
    earliest, latest = ServerCalendar().reach(day, day)
    assert earliest <= instant < latest


def test_the_ends_of_what_can_be_expressed_are_no_trap() -> None:
    for calendar in (ServerCalendar(), ServerCalendar("Pacific/Kiritimati"), ServerCalendar("Etc/GMT+12")):
        for day in (date.min, date.max):
            assert calendar.start_of(day) <= calendar.end_of(day)
            assert calendar.reach(day, day)
        assert calendar.day_of(datetime.max.replace(tzinfo=UTC)).year == date.max.year
        assert calendar.day_of(datetime.min.replace(tzinfo=UTC)).year == date.min.year


@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York", "Pacific/Kiritimati"])
def test_an_answer_can_hold_all_of_the_last_day_that_can_be_expressed(zone: str | None) -> None:
    calendar = ServerCalendar(zone, to_date_inclusive=True)
    earliest, end = calendar.reach(date.max, date.max)
    assert earliest <= calendar.start_of(date.max) < datetime(9999, 12, 31, 18, tzinfo=UTC) < end


@pytest.mark.parametrize(
    ("calendar", "before", "after", "known"),
    [
        (ServerCalendar(), 1, 2, False),
        (ServerCalendar(to_date_inclusive=True), 1, 1, False),
        (ServerCalendar(to_date_inclusive=False), 1, 2, False),
        (ServerCalendar("America/New_York"), 0, 1, False),
        (ServerCalendar("America/New_York", to_date_inclusive=False), 0, 1, True),
        (ServerCalendar("America/New_York", True), 0, 0, True),
        (ServerCalendar(timezone(timedelta(hours=-5)), True), 0, 0, True),
    ],
)
def test_what_is_known_needs_no_padding(calendar: ServerCalendar, before: int, after: int, known: bool) -> None:
    assert (calendar.days_before, calendar.days_after, calendar.is_known) == (before, after, known)


def test_calendars_compare_by_what_they_say() -> None:
    assert ServerCalendar("UTC", True) == ServerCalendar(ZoneInfo("UTC"), True)
    assert ServerCalendar("UTC") != ServerCalendar()
    assert len({ServerCalendar("UTC"), ServerCalendar("UTC")}) == 1
    east, west = (ServerCalendar(timezone(timedelta(hours=hours), "Local")) for hours in (14, -12))
    assert len({east, west, ServerCalendar(timezone(timedelta(hours=14), "Local"))}) == 2
    assert pickle.loads(pickle.dumps(ServerCalendar("UTC", False))) == ServerCalendar("UTC", False)
    assert repr(ServerCalendar("UTC", True)) == (
        "ServerCalendar(timezone='UTC', to_date_inclusive=True, date_field='created_at')"
    )


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"timezone": "Mars/Olympus"}, ValueError, "timezone.*'Mars/Olympus'"),
        ({"timezone": "../etc/passwd"}, ValueError, "timezone"),
        ({"timezone": -5}, TypeError, "timezone.*int"),
        ({"to_date_inclusive": "yes"}, TypeError, "to_date_inclusive.*str"),
        ({"to_date_inclusive": 1}, TypeError, "to_date_inclusive.*int"),
        ({"date_field": ""}, ValueError, "date_field"),
        ({"date_field": None}, TypeError, "date_field"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, object], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        ServerCalendar(**arguments)  # type: ignore[arg-type]
