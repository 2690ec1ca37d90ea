"""How long a watch waits, and what it outlasts."""

from __future__ import annotations

import pytest

from kauneonga_async import errors
from kauneonga_async.watching.pauses import after_failure, between_polls, will_pass

PASSING: list[errors.KauneongaError] = [
    errors.RequestTimeout("slow"),
    errors.ServerError("down", status=503),
    errors.RateLimited("too many", status=429, retry_after=7.0),
    errors.DecodeError("cut", malformed=True),
    errors.ConnectionFailed("reset"),
]
LASTING: list[errors.KauneongaError] = [
    errors.AuthenticationError("who are you", status=404),
    errors.NotFound("no such path", status=404),
    errors.InvalidRequest("no", status=422),
    errors.DecodeError("not what we know"),
    errors.CalendarMismatch("other days"),
    errors.IncompleteResult("cut off"),
    errors.ConfigurationError("no token"),
]


@pytest.mark.parametrize("error", PASSING, ids=repr)
def test_what_may_mend_itself_is_outlasted(error: errors.KauneongaError) -> None:
    assert will_pass(error, was_reached=False)


@pytest.mark.parametrize("error", LASTING, ids=repr)
def test_what_asking_again_cannot_mend_is_not(error: errors.KauneongaError) -> None:
    assert not will_pass(error, was_reached=True)


def test_a_host_that_was_there_and_is_not_found_now_is_an_outage() -> None:
    error = errors.ConnectionFailed("no such host", phase="resolve", permanent=True)
    assert will_pass(error, was_reached=True)
    assert not will_pass(error, was_reached=False)


def test_a_wait_is_never_shorter_than_the_interval() -> None:
    assert all(15.0 <= between_polls(15.0) <= 16.5 for _ in range(1000))
    assert all(after_failure(PASSING[0], failures, 15.0) >= 15.0 for failures in range(1, 1000))


def test_waits_grow_to_five_minutes_and_no_further() -> None:
    waits = [max(after_failure(PASSING[0], failures, 1.0) for _ in range(300)) for failures in (1, 4, 7, 5000)]
    assert waits == sorted(waits)
    assert waits[0] <= 2.0
    assert 200.0 < waits[-1] <= 300.0


def test_what_the_server_asks_for_is_granted_within_reason() -> None:
    assert after_failure(errors.RateLimited("", status=429, retry_after=500.0), 1, 1.0) >= 500.0
    assert after_failure(errors.RateLimited("", status=429, retry_after=1e9), 1, 1.0) <= 3600.0
