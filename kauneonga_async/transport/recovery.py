"""Recovery: what becomes of a call whose first try failed: the retries that policy, deadline and budget allow."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from kauneonga_async.errors import KauneongaError, RateLimited, RequestTimeout, ServerError, StatusError
from kauneonga_async.transport.answer import Request
from kauneonga_async.transport.retry import (
    NEVER,
    Budget,
    Verdict,
    asks_too_long_a_pause,
    blame_budget,
    judge,
    try_again,
)

__all__ = ["Recovery", "is_too_much", "out_of_time"]

T = TypeVar("T")

SPLITTING_STATUSES = frozenset({413, 504})


class Recovery(Generic[T]):
    """The retries of one call.

    Args:
        request: The call.
        attempt: Makes another try.
        budget: The account's retry tokens.
        told: Is told of each wait, before it: the error, and the seconds.
    """

    def __init__(
        self,
        request: Request,
        attempt: Callable[[], Awaitable[T]],
        budget: Budget,
        told: Callable[[KauneongaError, float], None],
    ) -> None:
        self._request = request
        self._attempt = attempt
        self._budget = budget
        self._told = told
        self._borrowed = 0
        self._is_late = False
        self._is_broke = False

    async def run(self, first: KauneongaError) -> T:
        """Try again.

        Args:
            first: What the first try ended in.

        Raises:
            KauneongaError: What the last try ended in, or RequestTimeout where there was no time for another.
        """
        try:
            result = await try_again(first, self._attempt, self._judge, self._affords, self._told)
        except KauneongaError as error:
            failure = error
        else:
            self._budget.deposit(self._borrowed)
            return result
        # A server that fails may have carried out what must not be repeated.
        if isinstance(failure, ServerError) and self._request.repeatable and self._asks_too_much(failure):
            failure = _as_rate_limited(failure)
        if self._is_late and not isinstance(failure, RateLimited):
            failure = out_of_time(self._request)
        if self._is_broke:
            blame_budget(failure)
        raise failure

    def _asks_too_much(self, error: ServerError) -> bool:
        return self._is_late or asks_too_long_a_pause(error)

    def _judge(self, error: KauneongaError) -> Verdict:
        if self._request.splits and is_too_much(error):
            return NEVER
        return judge(error, repeatable=self._request.repeatable, max_retries=self._request.options.max_retries)

    def _affords(self, error: KauneongaError, wait: float) -> bool:
        throttled = self._judge(error).throttled
        if throttled:
            self._request.excuse(wait)
        deadline = self._request.deadline
        self._is_late = deadline is not None and asyncio.get_running_loop().time() + wait >= deadline
        if self._is_late:
            return False
        taken = self._budget.withdraw(throttled=throttled)
        self._borrowed += taken
        self._is_broke = not taken
        return taken > 0


def is_too_much(error: BaseException) -> bool:
    """Tell whether a window's answer was more than the server could give at once (413, 504, a timeout)."""
    if isinstance(error, RequestTimeout):
        return error.sent
    return isinstance(error, StatusError) and error.status in SPLITTING_STATUSES


def out_of_time(request: Request) -> RequestTimeout:
    """Return the error of a call whose deadline has come, or would come before its next try."""
    tries = f"{request.attempts} {'try' if request.attempts == 1 else 'tries'}"
    error = RequestTimeout(
        f"{request}: no answer within {request.options.timeout:g} s ({tries}; request id {request.request_id})",
        timeout=request.options.timeout,
        sent=request.sent,
        request_id=request.request_id,
    )
    error.__cause__ = request.failure
    return error


def _as_rate_limited(error: ServerError) -> ServerError | RateLimited:
    """Return a 503 whose Retry-After cannot be waited for as what it is."""
    if error.retry_after is None:
        return error
    limited = RateLimited(*error.args, **{k: v for k, v in vars(error).items() if not k.startswith("__")})
    limited.__cause__ = error
    return limited
