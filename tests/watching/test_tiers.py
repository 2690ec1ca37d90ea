"""What lies further back is looked at in turns: each day once a period, and never all at once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kauneonga_async import config
from kauneonga_async.watching.tiers import Tier, Turns, read_look_back
from tests.budget import examples

NOW = datetime(2025, 3, 9, 5, 17, tzinfo=UTC)
DAY = timedelta(days=1)


def days_of(taken: list[tuple[date, date]]) -> list[date]:
    return [first + number * DAY for first, last in taken for number in range((last - first).days + 1)]


def test_a_single_length_is_looked_at_each_poll() -> None:
    assert read_look_back(2 * DAY).widest == 2 * DAY
    assert read_look_back(2 * DAY).tiers == ()


def test_reaches_come_from_near_to_far_whatever_order_they_are_given_in() -> None:
    look_back = read_look_back({400 * DAY: DAY, 2 * DAY: None, 60 * DAY: timedelta(hours=6)})
    assert look_back.near == 2 * DAY
    assert [(tier.nearest, tier.reach) for tier in look_back.tiers] == [(2 * DAY, 60 * DAY), (60 * DAY, 400 * DAY)]
    assert look_back.widest == 400 * DAY


@settings(max_examples=examples(40), deadline=None)
@given(
    nearest=st.integers(1, 90),
    length=st.integers(1, 800),
    every=st.timedeltas(timedelta(seconds=90), timedelta(hours=2)),
    interval=st.floats(2.0, 60.0),
)
def test_each_day_has_its_turn_within_two_periods(nearest: int, length: int, every: timedelta, interval: float) -> None:
    tier = Tier(nearest * DAY, (nearest + length) * DAY, every)
    turns, now, seen = Turns(tier, interval), NOW, Counter[date]()
    while now < NOW + 2 * every:
        seen.update(days_of([*turns.take(now, NOW.date())]))
        now += timedelta(seconds=interval)
    wanted = [NOW.date() - number * DAY for number in range(nearest, nearest + length + 1)]
    assert set(seen) == set(wanted)


def test_no_poll_is_a_burst() -> None:
    tier = Tier(2 * DAY, 365 * DAY, DAY)
    turns = Turns(tier, 15.0)
    most = max(len([*turns.take(NOW + number * timedelta(seconds=15), NOW.date())]) for number in range(5760))
    assert most == 1


def test_after_a_long_pause_each_window_is_looked_at_once_and_one_at_a_time() -> None:
    tier = Tier(2 * DAY, 100 * DAY, DAY)
    turns = Turns(tier, 15.0)
    assert len([*turns.take(NOW, NOW.date())]) <= 1
    taken = [[*turns.take(NOW + 10 * DAY, NOW.date())] for _ in range(3 * tier.slots)]
    assert max(map(len, taken)) == 1
    assert max(Counter(days_of([days for poll in taken for days in poll])).values()) == 1


def test_the_longest_reach_ends_on_a_day_that_can_be_expressed() -> None:
    (tier,) = read_look_back({DAY: None, config.LONGEST_LOOK_BACK: DAY}).tiers
    turns = Turns(tier, 15.0)
    days = days_of(
        [taken for slot in range(tier.slots) for taken in turns.take(NOW + slot * DAY / tier.slots, NOW.date())]
    )
    assert min(days) == NOW.date() - config.LONGEST_LOOK_BACK


def test_a_clock_that_is_set_back_stops_nothing() -> None:
    turns = Turns(Tier(2 * DAY, 30 * DAY, timedelta(hours=1)), 15.0)
    assert len([*turns.take(NOW, NOW.date())]) <= 1
    assert any([*turns.take(NOW - DAY + number * timedelta(minutes=5), NOW.date())] for number in range(12))


def test_a_turn_that_was_not_finished_comes_again_with_the_next_and_holds_up_no_other() -> None:
    tier = Tier(2 * DAY, 100 * DAY, DAY)
    turns = Turns(tier, 15.0)
    came, slot = NOW, DAY / tier.slots
    while (failed := next(turns.take(came, NOW.date()), None)) is None:  # one is begun, and no more asked for
        came += slot
    assert [*turns.take(came, NOW.date())] == []
    assert [*turns.take(came + slot, NOW.date())] == [failed]
    assert failed not in [*turns.take(came + slot, NOW.date())]


@pytest.mark.parametrize("value", [{DAY: None, 2 * DAY: timedelta()}, {-DAY: None}, {2 * DAY: None, DAY: DAY}])
def test_what_cannot_be_is_refused(value: dict[timedelta, timedelta | None]) -> None:
    with pytest.raises(ValueError, match="look_back"):
        read_look_back(value)
