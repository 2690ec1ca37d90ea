"""The retries of one call: how many, after which waits, at whose cost, and what is said when there are no more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from yarl import URL

from kauneonga_async import config, errors
from kauneonga_async.transport.answer import Request
from kauneonga_async.transport.recovery import Recovery, is_too_much, out_of_time
from kauneonga_async.transport.retry import Budget

Run = Callable[[Coroutine[Any, Any, Any]], Any]

FAILED = errors.ConnectionFailed("reset")


def throttled(seconds: float | None = None) -> errors.RateLimited:
    return errors.RateLimited("429", status=429, retry_after=seconds)


def unavailable(seconds: float | None = None) -> errors.ServerError:
    return errors.ServerError(
        "503", status=503, retry_after=seconds, info="busy", method="GET", url="u", body=b"b", request_id="id"
    )


class Call:
    """A call whose tries end as they are told to, and all that was noted of it."""

    def __init__(self, *outcomes: Any, method: str = "GET", seconds: float | None = None, **fields: Any) -> None:
        self.outcomes = list(outcomes)
        self.seconds = seconds
        self.waits: list[tuple[errors.KauneongaError, float]] = []
        self.tries: list[float] = []
        self.budget = Budget()
        options = config.CallOptions(timeout=seconds or 30.0, max_retries=fields.pop("max_retries", 4))
        url = URL("http://h/api/v2/messages")
        self.request = Request(method=method, url=url, request_id="r", options=options, attempts=1, **fields)

    async def attempt(self) -> Any:
        self.tries.append(asyncio.get_running_loop().time())
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            self.request.failure = outcome if isinstance(outcome, errors.KauneongaError) else None
            raise outcome
        return outcome

    async def recover(self, first: errors.KauneongaError) -> Any:
        self.request.failure = first
        if self.seconds is not None:
            self.request.deadline = asyncio.get_running_loop().time() + self.seconds
        return await Recovery(
            self.request, self.attempt, self.budget, lambda error, wait: self.waits.append((error, wait))
        ).run(first)

    def left(self) -> int:
        """Return how many tokens are in the budget, by taking them."""
        self.budget.deposit(0)
        return self.budget._tokens


def test_a_try_that_succeeds_ends_it_and_gives_back_what_was_borrowed(run_jumping: Run) -> None:
    call = Call(FAILED, unavailable(), "found")
    assert run_jumping(call.recover(FAILED)) == "found"
    assert len(call.tries) == 3
    assert [str(error) for error, _ in call.waits] == ["reset", "reset", "503"]
    assert call.left() == config.BUDGET
    call = Call("found")
    call.budget.withdraw(throttled=True)
    run_jumping(call.recover(FAILED))
    assert call.left() == config.BUDGET - config.THROTTLED_COST


def test_when_no_try_is_left_the_last_error_is_raised_and_nothing_given_back(run_jumping: Run) -> None:
    last = errors.ConnectionFailed("last")
    call = Call(FAILED, last, max_retries=2)
    with pytest.raises(errors.ConnectionFailed) as caught:
        run_jumping(call.recover(FAILED))
    assert caught.value is last
    assert len(call.tries) == 2
    assert call.left() == config.BUDGET - 2 * config.PASSING_COST


def test_the_server_is_waited_for_as_long_as_it_asks(run_jumping: Run) -> None:
    call = Call(throttled(7.0), "found")
    assert run_jumping(call.recover(throttled(3.0))) == "found"
    assert [wait for _, wait in call.waits] == [3.0, 7.0]
    assert call.tries[1] - call.tries[0] >= 7.0
    failing = Call(throttled(), max_retries=1)
    with pytest.raises(errors.RateLimited):
        run_jumping(failing.recover(throttled()))
    assert 0 <= failing.waits[0][1] <= config.THROTTLED_BACKOFF
    assert failing.left() == config.BUDGET - config.THROTTLED_COST


def test_what_the_server_asks_for_where_it_does_not_throttle_is_no_wait(run_jumping: Run) -> None:
    call = Call("found")
    run_jumping(call.recover(errors.ServerError(status=500, retry_after=99.0)))
    assert call.waits[0][1] <= config.PASSING_BACKOFF


def test_without_tokens_there_is_no_retry(run_jumping: Run) -> None:
    call = Call("found")
    while call.budget.withdraw(throttled=True):
        pass
    failure = errors.ConnectionFailed("reset")
    with pytest.raises(errors.ConnectionFailed, match=r"^reset \(not tried again: .* calls fail\)$") as caught:
        run_jumping(call.recover(failure))
    assert (call.tries, call.waits) == ([], [])
    assert caught.value is failure


@pytest.mark.parametrize("last", [errors.ConnectionFailed("last"), errors.NotFound("last"), throttled(500.0)])
def test_what_ends_for_another_reason_does_not_blame_the_budget(last: errors.KauneongaError, run_jumping: Run) -> None:
    call = Call(FAILED, last, max_retries=2)
    with pytest.raises(type(last)) as caught:
        run_jumping(call.recover(FAILED))
    assert "not tried again" not in str(caught.value)


def test_of_a_call_without_time_the_budget_is_not_to_blame(run_jumping: Run) -> None:
    call = Call(seconds=5.0)
    while call.budget.withdraw(throttled=True):
        pass
    with pytest.raises(errors.RateLimited) as caught:
        run_jumping(call.recover(throttled(50.0)))
    assert "not tried again" not in str(caught.value)


def test_a_wait_beyond_the_deadline_is_not_begun(run_jumping: Run) -> None:
    call = Call("found", seconds=5.0)
    with pytest.raises(errors.RateLimited) as limited:
        run_jumping(call.recover(throttled(5.0)))
    assert limited.value.retry_after == 5.0
    call = Call("found", seconds=5.0, sent=True)
    refused = unavailable(6.0)
    refused.add_note("of the user's")
    with pytest.raises(errors.RateLimited) as late:
        run_jumping(call.recover(refused))
    error = late.value
    assert (error.status, error.retry_after, error.info, error.body, error.method) == (503, 6.0, "busy", b"b", "GET")
    assert (str(error), error.url, error.request_id) == ("503", "u", "id")
    assert isinstance(error.__cause__, errors.ServerError)
    assert (call.tries, call.waits, call.left()) == ([], [], config.BUDGET)


def test_a_wait_that_ends_with_the_deadline_leaves_no_time_for_a_try(run_jumping: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.time = lambda: 100.0  # type: ignore[method-assign]
        await Call("found", seconds=5.0).recover(throttled(5.0))

    with pytest.raises(errors.RateLimited):
        run_jumping(main())


def test_a_wait_within_the_deadline_is(run_jumping: Run) -> None:
    call = Call("found", seconds=5.0)
    assert run_jumping(call.recover(throttled(4.9))) == "found"


def test_without_time_the_call_has_timed_out(run_jumping: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.random", lambda: 1.0)
    call = Call(FAILED, FAILED, seconds=0.25, sent=True)  # 0.1 and 0.2 seconds of backoff
    with pytest.raises(errors.RequestTimeout) as caught:
        run_jumping(call.recover(FAILED))
    error = caught.value
    assert str(error) == "GET /api/v2/messages: no answer within 0.25 s (1 try; request id r)"
    assert (error.timeout, error.sent, error.request_id, error.__cause__) == (0.25, True, "r", FAILED)
    assert len(call.tries) == 1
    call.request.attempts = 2
    call.request.sent = False
    assert "(2 tries;" in str(out_of_time(call.request))
    assert out_of_time(call.request).sent is False


def test_a_503_without_a_pause_that_comes_too_late_has_timed_out(
    run_jumping: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.random", lambda: 1.0)
    with pytest.raises(errors.RequestTimeout):
        run_jumping(Call(seconds=0.5).recover(unavailable()))


def test_a_pause_that_nobody_waits_for_is_a_rate_limit(run_jumping: Run) -> None:
    for error in (unavailable(config.LONGEST_RETRY_AFTER + 1), throttled(config.LONGEST_RETRY_AFTER + 1)):
        call = Call()
        with pytest.raises(errors.RateLimited):
            run_jumping(call.recover(error))
        assert call.waits == []


def test_a_creation_is_tried_again_only_if_it_was_not_carried_out(run_jumping: Run) -> None:
    assert run_jumping(Call("made", method="POST").recover(throttled(1.0))) == "made"
    with pytest.raises(errors.ServerError):
        run_jumping(Call("made", method="POST").recover(errors.ServerError(status=500)))


def test_what_is_no_error_of_ours_is_not_tried_again(run_jumping: Run) -> None:
    call = Call(RuntimeError("a bug"), "found")
    with pytest.raises(RuntimeError):
        run_jumping(call.recover(FAILED))
    assert len(call.tries) == 1


@pytest.mark.parametrize(
    ("error", "too_much"),
    [
        (errors.StatusError(status=413), True),
        (errors.ServerError(status=504), True),
        (errors.RequestTimeout(sent=True), True),
        (errors.RequestTimeout(sent=False), False),
        (errors.ServerError(status=503), False),
        (FAILED, False),
    ],
)
def test_what_is_too_much_is_split_and_not_tried_again(
    error: errors.KauneongaError, too_much: bool, run_jumping: Run
) -> None:
    assert is_too_much(error) is too_much
    call = Call("found", splits=True)
    if too_much:
        with pytest.raises(type(error)):
            run_jumping(call.recover(error))
    else:
        assert run_jumping(call.recover(error)) == "found"
    if not isinstance(error, errors.StatusError) or error.status != 413:
        assert run_jumping(Call("found").recover(error)) == "found"
