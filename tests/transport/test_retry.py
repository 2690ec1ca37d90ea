"""The table of what is tried again, the waits, and the budget."""

from __future__ import annotations

import pytest

from kauneonga_async import config, errors
from kauneonga_async.transport.retry import Budget, Verdict, backoff, is_overload, judge, outcome_unknown

ALL = 9
FAILED, TIMEOUT = errors.ConnectionFailed, errors.RequestTimeout


@pytest.mark.parametrize(
    ("error", "get", "post", "unknown"),
    [
        (FAILED(phase="resolve", sent=False), ALL, ALL, False),
        (FAILED(phase="resolve", sent=False, permanent=True), 1, 1, False),
        (FAILED(phase="connect", sent=False), ALL, ALL, False),
        (FAILED(phase="connect", sent=False, permanent=True), 0, 0, False),
        (FAILED(phase="proxy", sent=False), ALL, ALL, False),
        (FAILED(phase="tls", sent=False, permanent=True), 0, 0, False),
        (FAILED(phase="tls", sent=False), ALL, ALL, False),
        (FAILED(phase="exchange"), ALL, 0, True),
        (FAILED(phase="body"), 2, 0, True),
        (TIMEOUT(sent=False), ALL, ALL, False),
        (TIMEOUT(sent=True), ALL, 0, True),
        (errors.StatusError(status=408), ALL, 0, False),
        (errors.StatusError(status=425), ALL, 0, False),
        (errors.RateLimited(status=429), ALL, ALL, False),
        (errors.RateLimited(status=429, retry_after=120.0), ALL, ALL, False),
        (errors.RateLimited(status=429, retry_after=121.0), 0, 0, False),
        (errors.ServerError(status=500), ALL, 0, True),
        (errors.ServerError(status=501), 0, 0, True),
        (errors.ServerError(status=502), ALL, 0, True),
        (errors.ServerError(status=503), ALL, 0, True),
        (errors.ServerError(status=503, retry_after=3600.0), 0, 0, True),
        (errors.ServerError(status=504), ALL, 0, True),
        (errors.ServerError(status=520), ALL, 0, True),
        (errors.ServerError(status=524), ALL, 0, True),
        (errors.ServerError(status=525), 0, 0, True),
        (errors.DecodeError(malformed=True), 2, 0, True),
        (errors.DecodeError(malformed=False), 0, 0, True),
        (errors.AuthenticationError(status=404), 0, 0, False),
        (errors.PermissionDenied(status=403), 0, 0, False),
        (errors.NotFound(status=404), 0, 0, False),
        (errors.InvalidRequest(status=422), 0, 0, False),
        (errors.StatusError(status=200), 0, 0, False),
        (errors.StatusError(status=301), 0, 0, False),
        (errors.StatusError(status=302), 0, 0, True),
        (errors.StatusError(status=303), 0, 0, True),
        (errors.StatusError(status=307), 0, 0, False),
        (errors.StatusError(status=409), 0, 0, False),
        (errors.ClientClosed(), 0, 0, False),
        (errors.CalendarMismatch(), 0, 0, False),
        (KeyboardInterrupt(), 0, 0, False),
    ],
)
def test_the_table_of_retries(error: BaseException, get: int, post: int, unknown: bool) -> None:
    assert judge(error, repeatable=True, max_retries=ALL).retries == get
    assert judge(error, repeatable=False, max_retries=ALL).retries == post
    assert judge(error, repeatable=True, max_retries=0).retries == 0
    assert outcome_unknown(error) is unknown


def test_throttling_is_told_from_passing_faults() -> None:
    assert judge(errors.RateLimited(status=429), repeatable=True, max_retries=1) == Verdict(1, throttled=True)
    assert judge(errors.ServerError(status=503), repeatable=True, max_retries=1) == Verdict(1, throttled=True)
    assert judge(errors.ServerError(status=500), repeatable=True, max_retries=1) == Verdict(1, throttled=False)


@pytest.mark.parametrize(
    ("error", "overload"),
    [
        (errors.RateLimited(status=429), True),
        (errors.ServerError(status=503), True),
        (errors.ServerError(status=504), True),
        (errors.ServerError(status=500), False),
        (TIMEOUT(sent=True), True),
        (TIMEOUT(sent=False), False),
        (FAILED(), False),
    ],
)
def test_what_shows_an_overloaded_server(error: errors.KauneongaError, overload: bool) -> None:
    assert is_overload(error) is overload


def test_backoff_doubles_under_a_ceiling_with_full_jitter() -> None:
    for attempt in (1, 2, 5, 10, 5000):
        waits = [backoff(attempt, throttled=False) for _ in range(400)]
        ceiling = min(config.LONGEST_BACKOFF, config.PASSING_BACKOFF * 2.0 ** min(attempt - 1, 60))
        assert 0 <= min(waits) < 0.1 * ceiling
        assert 0.9 * ceiling < max(waits) <= ceiling
    assert max(backoff(1, throttled=True) for _ in range(400)) > config.PASSING_BACKOFF


def test_the_budget_is_spent_refunded_and_filled_by_successes() -> None:
    budget = Budget()
    spent = 0
    while taken := budget.withdraw(throttled=False):
        spent += taken
    assert config.BUDGET - config.PASSING_COST < spent <= config.BUDGET
    while taken := budget.withdraw(throttled=True):
        spent += taken
    assert config.BUDGET - config.THROTTLED_COST < spent <= config.BUDGET
    for _ in range(config.THROTTLED_COST):
        budget.deposit()
    assert budget.withdraw(throttled=True) == config.THROTTLED_COST
    for _ in range(config.THROTTLED_COST - 1 - (config.BUDGET - spent)):
        budget.deposit()
    assert budget.withdraw(throttled=True) == 0
    budget = Budget()
    budget.deposit(10**6)
    spent = 0
    while taken := budget.withdraw(throttled=False):
        spent += taken
    assert spent <= config.BUDGET
