"""Pauses: whatever a server asks for, it is granted an hour in all, and another each time that more was done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kauneonga_async import config, errors
from kauneonga_async.exporting.pauses import Patience

ASKED = st.one_of(st.floats(0, 4000), st.sampled_from([0.0, 1800.0, 3600.0, 3600.5, 86400.0]))


@given(asked=st.lists(st.tuples(ASKED, st.integers(-1, 1)), max_size=30), busy=st.floats(0, 1000))
def test_what_is_waited_for_without_getting_on_is_an_hour_at_most(asked: list[tuple[float, int]], busy: float) -> None:
    done, most, waited, now = [5], 5, 0.0, 0.0
    patience = Patience(lambda: done[0])
    for seconds, more in asked:
        done[0] += more
        if done[0] > most:
            most, waited = done[0], 0.0
        pause = patience.pause_after(errors.RateLimited(retry_after=seconds), now)
        if pause is None:
            assert waited + max(1.0, seconds) > config.LONGEST_PATIENCE - 0.001
        else:
            waited += pause
            assert pause >= seconds
            assert waited <= config.LONGEST_PATIENCE + 0.001
            now += pause + busy


@given(asked=st.lists(st.tuples(st.floats(0, 4000), st.floats(0, 500)), max_size=30))
def test_what_several_wait_for_at_once_counts_once(asked: list[tuple[float, float]]) -> None:
    patience, now, pauses = Patience(lambda: 0), 0.0, list[tuple[float, float]]()
    for seconds, later in asked:
        pause = patience.pause_after(errors.RateLimited(retry_after=seconds), now)
        begun = [*pauses, (now, now + max(1.0, seconds))]
        if pause is None:
            assert waited(begun) > config.LONGEST_PATIENCE - 0.001
        else:
            pauses = begun
            assert waited(pauses) <= config.LONGEST_PATIENCE + 0.001
        now += later


def waited(pauses: list[tuple[float, float]]) -> float:
    """Return for how long there is a pause, of some that begin one after the other."""
    total, until = 0.0, 0.0
    for begin, end in pauses:
        total += max(0.0, end - max(begin, until))
        until = max(until, end)
    return total


def test_a_server_that_asks_for_no_pause_at_all_is_not_asked_again_for_ever() -> None:
    patience, now = Patience(lambda: 0), 0.0
    while (pause := patience.pause_after(errors.RateLimited(retry_after=0.0), now)) is not None:
        now += pause
    assert now == 3600


@pytest.mark.parametrize("error", [errors.RateLimited(), errors.ServerError(retry_after=1.0), errors.DecodeError()])
def test_what_does_not_say_how_long_is_not_waited_for(error: errors.KauneongaError) -> None:
    done = [0]
    patience = Patience(lambda: done[0])
    done[0] = 1
    assert patience.pause_after(error, 0.0) is None


OUTAGE = errors.ConnectionFailed()


@pytest.fixture
def useful() -> Patience:
    """Of an export in which the server was of use."""
    done = iter([0])
    return Patience(lambda: next(done, 1), max_retries=4)


def test_trouble_is_waited_for_once_the_server_was_of_use() -> None:
    done, now, pauses = [7], 0.0, list[float]()
    patience = Patience(lambda: done[0], max_retries=4)
    assert patience.pause_after(OUTAGE, now) is None
    done[0] = 8
    while (pause := patience.pause_after(OUTAGE, now)) is not None:
        pauses.append(pause)
        now += pause
    assert 3600 - config.LONGEST_BACKOFF <= now <= 3600
    assert all(1 <= pause <= config.LONGEST_BACKOFF for pause in pauses)
    assert pauses[0] == 1
    assert max(pauses) > config.LONGEST_BACKOFF / 2
    done[0] = 9
    assert patience.pause_after(OUTAGE, now) == 1


def test_what_fails_without_getting_on_though_the_server_is_back_is_no_outage() -> None:
    done = [0]
    patience = Patience(lambda: done[0], max_retries=4)
    done[0] = 1
    assert patience.pause_after(OUTAGE, 0.0) == 1
    last: float | None = 0.0
    for _ in range(3):
        patience.tell_back()
        last = patience.pause_after(OUTAGE, 1.0)
    assert last is None
    assert patience.pause_after(errors.RateLimited(retry_after=5.0), 1.0) == 5
    done[0] = 2
    assert patience.pause_after(OUTAGE, 6.0) == 1
    patience.tell_back()
    patience.tell_back()
    patience.tell_lost(1.0)
    patience.tell_back()
    assert patience.pause_after(OUTAGE, 8.0) is not None


def test_a_server_that_asks_for_a_pause_is_there_and_may_be_lost_after_it() -> None:
    patience = Patience(lambda: 0, max_retries=4)
    assert patience.pause_after(errors.RateLimited(retry_after=5.0), 0.0) == 5
    assert patience.pause_after(OUTAGE, 5.0) == 1


def test_the_time_for_which_a_lost_server_was_asked_counts_too() -> None:
    patience, now = Patience(lambda: 0, max_retries=4), 5.0
    assert patience.pause_after(errors.RateLimited(retry_after=5.0), 0.0) == 5
    while (pause := patience.pause_after(OUTAGE, now)) is not None:
        patience.tell_lost(300.0)
        now += pause + 300.0
    assert 3600 - config.LONGEST_BACKOFF < now < 3900


@pytest.mark.parametrize(
    "error",
    [
        errors.AuthenticationError(status=401),
        errors.NotFound(status=404),
        errors.IncompleteResult(),
        errors.ConnectionFailed(phase="tls", permanent=True),
        errors.ServerError(status=501),
    ],
)
def test_what_would_fail_again_is_not_waited_for(error: errors.KauneongaError, useful: Patience) -> None:
    assert useful.pause_after(error, 0.0) is None


def test_who_wants_no_retries_waits_for_no_trouble() -> None:
    done = iter([0])
    patience = Patience(lambda: next(done, 1))
    assert patience.pause_after(OUTAGE, 0.0) is None
    assert patience.pause_after(errors.RateLimited(retry_after=5.0), 0.0) == 5
