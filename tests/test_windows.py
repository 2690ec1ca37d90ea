"""Windows: whatever the server's offset, DST and to_date, every record is owned by one window that asks for it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kauneonga_async import ServerCalendar, config
from kauneonga_async.windows import Range, Window, api_date, between, check_range, check_window, plan
from tests.budget import examples

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
NAIVE = datetime(2027, 1, 1)  # noqa: DTZ001
DAY = timedelta(days=1)

ZONES = st.one_of(
    st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    st.sampled_from(["America/New_York", "Europe/Berlin", "America/Havana", "Pacific/Apia", "Asia/Beirut"]).map(
        ZoneInfo
    ),
)
DAYS = st.dates(date(2011, 12, 1), date(2012, 2, 15)) | st.dates(date(2024, 10, 1), date(2025, 4, 30))


def lists(window: Window, instant: datetime, zone: tzinfo, *, inclusive: bool) -> bool:
    """Tell whether a server lists a record for a window's two dates."""
    day = instant.astimezone(zone).date()
    return window.ask_from <= day and (day <= window.ask_to if inclusive else day < window.ask_to)


@st.composite
def instants_around(draw: st.DrawFn, first: date, last: date) -> datetime:
    """An instant near the edge of a day, or anywhere, in a range and somewhat beyond."""
    day = draw(st.dates(first - 3 * DAY, last + 3 * DAY))
    offset = draw(st.integers(-14 * 60, 14 * 60))
    jitter = draw(st.sampled_from([-1, 0, 1]) | st.integers(-(10**9), 10**9))
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=offset, microseconds=jitter)


@settings(max_examples=examples(600), deadline=None)
@given(data=st.data(), zone=ZONES, inclusive=st.booleans(), first=DAYS, length=st.integers(0, 75))
def test_every_record_comes_out_exactly_once(
    data: st.DataObject,
    zone: tzinfo,
    inclusive: bool,
    first: date,
    length: int,
) -> None:
    last = first + length * DAY
    instant = data.draw(instants_around(first, last))
    window = data.draw(st.none() | st.integers(1, 40).map(lambda days: timedelta(days=days)))
    known = data.draw(st.sampled_from(["nothing", "zone", "inclusive", "both"]))
    calendar = ServerCalendar(
        zone if known in ("zone", "both") else None, inclusive if known in ("inclusive", "both") else None
    )
    bounds = check_range(first, last, calendar)
    assert bounds is not None
    handed_out = [
        w
        for w in plan(bounds, calendar, window, NOW)
        if lists(w, instant, zone, inclusive=inclusive) and w.owns(instant)
    ]
    belongs = bounds.start <= instant and bounds.end is not None and instant < bounds.end
    assert len(handed_out) == belongs


@settings(max_examples=examples(300), deadline=None)
@given(data=st.data(), zone=ZONES, inclusive=st.booleans(), first=DAYS, length=st.integers(0, 40))
def test_what_a_server_lists_is_within_reach(
    data: st.DataObject,
    zone: tzinfo,
    inclusive: bool,
    first: date,
    length: int,
) -> None:
    instant = data.draw(instants_around(first, first + length * DAY))
    for calendar in (ServerCalendar(), ServerCalendar(zone), ServerCalendar(zone, inclusive)):
        bounds = check_range(first, first + length * DAY, calendar)
        assert bounds is not None
        for w in plan(bounds, calendar, None, NOW):
            earliest, latest = calendar.reach(w.ask_from, w.ask_to)
            if lists(w, instant, zone, inclusive=inclusive):
                assert earliest <= instant < latest


@given(first=DAYS, length=st.integers(0, 100), days=st.integers(1, 40), data=st.data())
def test_windows_are_adjacent_and_cover_the_range(first: date, length: int, days: int, data: st.DataObject) -> None:
    calendar = data.draw(st.sampled_from([ServerCalendar(), ServerCalendar("America/New_York", True)]))
    bounds = check_range(first, first + length * DAY, calendar)
    assert bounds is not None
    windows = list(plan(bounds, calendar, timedelta(days=days), NOW))
    assert windows[0].start == bounds.start
    assert windows[-1].end == bounds.end
    assert all(a.end == b.start and a.last + DAY == b.first for a, b in zip(windows, windows[1:], strict=False))
    assert all(w.days == days for w in windows[:-1])
    assert sum(w.days for w in windows) == length + 1


@given(first=DAYS, length=st.integers(1, 60), data=st.data())
def test_halves_own_what_the_whole_owned(first: date, length: int, data: st.DataObject) -> None:
    calendar = data.draw(st.sampled_from([ServerCalendar(), ServerCalendar("Europe/Berlin", False)]))
    bounds = check_range(first, first + length * DAY, calendar)
    assert bounds is not None
    (whole,) = plan(bounds, calendar, timedelta(days=length + 1), NOW)
    halves = whole.halves(calendar)
    assert halves is not None
    left, right = halves
    assert (left.start, left.end, right.end) == (whole.start, right.start, whole.end)
    assert left.end == calendar.start_of(right.first)
    assert left.days + right.days == whole.days
    assert abs(left.days - right.days) <= 1


def test_a_single_day_cannot_be_halved() -> None:
    (window,) = plan(Range(NOW.replace(hour=0), NOW), ServerCalendar(), None, NOW)
    assert window.halves(ServerCalendar()) is None


@given(
    start=st.datetimes(datetime(2024, 1, 1), datetime(2025, 12, 31)),  # noqa: DTZ001
    length=st.timedeltas(timedelta(), timedelta(days=90)),
    moment=st.timedeltas(timedelta(days=-2), timedelta(days=92)),
)
def test_datetimes_are_exact_instants(start: datetime, length: timedelta, moment: timedelta) -> None:
    calendar, begin = ServerCalendar(), start.replace(tzinfo=UTC)
    bounds = check_range(begin, begin + length, calendar)
    assert bounds is not None
    owners = [w for w in plan(bounds, calendar, None, NOW) if w.owns(begin + moment)]
    assert len(owners) == (timedelta() <= moment < length)


def test_no_instant_before_the_first_or_from_the_last_on_is_owned() -> None:
    begin, end = NOW, NOW + timedelta(days=40)
    windows = plan(Range(begin, end), ServerCalendar(), timedelta(days=7), NOW)
    assert (windows[0].start, windows[-1].end) == (begin, end)
    assert not windows[0].owns(begin - timedelta(microseconds=1))
    assert not windows[-1].owns(end)


def test_datetimes_of_any_offset_mean_the_same_instant() -> None:
    offset = timezone(timedelta(hours=-5))
    bounds = check_range(datetime(2025, 1, 1, tzinfo=offset), datetime(2025, 1, 2, tzinfo=offset), ServerCalendar())
    assert bounds == Range(datetime(2025, 1, 1, 5, tzinfo=UTC), datetime(2025, 1, 2, 5, tzinfo=UTC))
    assert bounds.start.tzinfo is UTC
    assert bounds.end is not None
    assert bounds.end.tzinfo is UTC


@pytest.mark.parametrize(
    ("calendar", "before", "after"),
    [
        (ServerCalendar(), 1, 2),
        (ServerCalendar("UTC"), 0, 1),
        (ServerCalendar("UTC", True), 0, 0),
    ],
)
def test_what_is_known_of_the_server_spares_padding(calendar: ServerCalendar, before: int, after: int) -> None:
    start, end = datetime(2025, 1, 1, 5, tzinfo=UTC), datetime(2025, 1, 4, tzinfo=UTC)
    first, last = date(2025, 1, 1), date(2025, 1, 3)
    window = Window(first, last, start, end, first - before * DAY, last + after * DAY)
    assert between(start, end, calendar) == window
    assert list(plan(Range(start, end), calendar, timedelta(days=7), NOW)) == [window]
    assert str(window) == "2025-01-01..2025-01-03"
    assert str(between(start, start + timedelta(hours=1), calendar)) == "2025-01-01"


def test_an_open_end_asks_to_the_day_after_tomorrow_and_owns_what_comes_later() -> None:
    for calendar in (ServerCalendar(), ServerCalendar("UTC", True)):
        bounds = check_range(date(2026, 6, 1), None, calendar)
        assert bounds is not None
        for length in (None, timedelta(days=7)):
            last = plan(bounds, calendar, length, NOW)[-1]
            assert last.ask_to == date(2026, 6, 17)
            assert last.owns(NOW + timedelta(days=2))


def test_an_open_end_may_begin_in_the_future() -> None:
    bounds = check_range(date(2026, 12, 1), None, ServerCalendar())
    assert bounds is not None
    (window,) = plan(bounds, ServerCalendar(), None, NOW)
    assert (window.ask_from, window.ask_to) == (date(2026, 11, 30), date(2026, 12, 3))


def test_an_empty_range_has_no_window() -> None:
    assert list(plan(Range(NOW, NOW), ServerCalendar(), None, NOW)) == []


@pytest.mark.parametrize(("days", "chosen"), [(0, 7), (6, 7), (90, 7), (364, 23), (729, 31), (3652, 31)])
def test_the_range_chooses_the_window(days: int, chosen: int) -> None:
    bounds = check_range(date(2010, 1, 1), date(2010, 1, 1) + days * DAY, ServerCalendar())
    assert bounds is not None
    assert plan(bounds, ServerCalendar(), None, NOW).window_days == chosen
    assert config.SHORTEST_WINDOW_DAYS <= chosen <= config.LONGEST_WINDOW_DAYS


def test_a_plan_of_all_time_costs_nothing() -> None:
    bounds = check_range(date.min, date.max, ServerCalendar())
    assert bounds is not None
    windows = plan(bounds, ServerCalendar(), timedelta(days=1), NOW)
    assert len(windows) == date.max.toordinal()
    assert windows[0].ask_from == date.min
    assert windows[-1].ask_to == date.max
    assert [w.first for w in windows[1_000_000:1_000_002]] == [date(2738, 11, 29), date(2738, 11, 30)]
    with pytest.raises(IndexError, match=str(len(windows))):
        windows[len(windows)]


def test_dates_are_written_as_the_api_reads_them() -> None:
    assert api_date(date(2025, 1, 9)) == "01-09-2025"
    assert api_date(date(987, 12, 31)) == "12-31-0987"


@pytest.mark.parametrize(
    ("from_date", "to_date", "error", "said"),
    [
        (
            None,
            date(2025, 1, 1),
            ValueError,
            "^to_date: it cannot stand without from_date; give both, from_date alone, or neither$",
        ),
        (date(2025, 1, 2), date(2025, 1, 1), ValueError, "to_date: 2025-01-01 lies before from_date, 2025-01-02"),
        (NOW, NOW - timedelta(seconds=1), ValueError, "lies before"),
        ("2025-01-01", None, TypeError, "^from_date: .*not str$"),
        (date(2025, 1, 1), "01-31-2025", TypeError, "^to_date: .*not str$"),
        (20250101, None, TypeError, "from_date.*int"),
        (
            date(2025, 1, 1),
            NOW,
            TypeError,
            r"^from_date, to_date: one is a date .* or two datetimes \(exact instants\)$",
        ),
        (NOW, date(2027, 1, 1), TypeError, "one is a date and the other a datetime"),
        (NAIVE, None, ValueError, r"^from_date: .*no time zone.*; add one, as in datetime\(..., tzinfo=UTC\)$"),
        (NOW, NAIVE, ValueError, "^to_date: .*no time zone"),
        (datetime.max.replace(tzinfo=timezone(-timedelta(hours=5))), None, ValueError, "^from_date: .*in UTC"),
        (NOW, datetime.max.replace(tzinfo=timezone(-timedelta(hours=5))), ValueError, "^to_date: .*in UTC"),
    ],
)
def test_bad_ranges_are_named(from_date: date, to_date: date, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        check_range(from_date, to_date, ServerCalendar())


@pytest.mark.parametrize(
    ("window", "error", "said"),
    [
        (timedelta(), ValueError, "0:00:00"),
        (timedelta(days=-7), ValueError, "-7 days"),
        (timedelta(hours=36), ValueError, "whole days"),
        (7, TypeError, "window.*int"),
    ],
)
def test_bad_windows_are_named(window: timedelta, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        check_window(window)


def test_without_dates_there_is_no_range() -> None:
    assert check_range(None, None, ServerCalendar()) is None
    assert check_window(None) is None
    assert check_window(timedelta(days=3)) == timedelta(days=3)
    assert check_window(DAY) == DAY
