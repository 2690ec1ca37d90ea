"""Retry: what is tried again, when, and how often. The decisions are pure; tenacity carries them out.

========================================= ======================= ==========================================
phase                                     GET                     POST
========================================= ======================= ==========================================
not sent (resolve, connect, proxy)        again; no such host: 1  again
sent, no answer                           again                   never: OutcomeUnknown
408, 425, 429, 500, 502-504, 520-524      again                   429 only; 5xx: OutcomeUnknown
body short, corrupt, no JSON              twice                   2xx unreadable: OutcomeUnknown
302, 303                                  followed at the origin  OutcomeUnknown
101                                       never                   OutcomeUnknown
certificate, other 4xx, token, schema     never                   never
========================================= ======================= ==========================================
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from kauneonga_async import config
from kauneonga_async.errors import (
    ConnectionFailed,
    DecodeError,
    KauneongaError,
    RateLimited,
    RequestTimeout,
    ServerError,
    StatusError,
)

if TYPE_CHECKING:
    from tenacity import RetryCallState

__all__ = [
    "NEVER",
    "RETRIED_STATUSES",
    "Budget",
    "Verdict",
    "asks_too_long_a_pause",
    "backoff",
    "blame_budget",
    "is_overload",
    "judge",
    "outcome_unknown",
    "try_again",
]

T = TypeVar("T")

RETRIED_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504, *range(520, 525)})
THROTTLING_STATUSES: Final = frozenset({429, 503})
OVERLOAD_STATUSES: Final = frozenset({429, 503, 504})
# Servers answer a form that they have processed like this (RFC 9110, 15.4.4).
REDIRECTS_AFTER_PROCESSING: Final = frozenset({302, 303})

_BLAME: Final = " (not tried again: too many of the account's calls fail)"


class Verdict(NamedTuple):
    """What becomes of a failed try.

    Attributes:
        retries: How many tries may follow the first, given that they fail in this way.
        throttled: Whether the server asked to be left alone for a while.
    """

    retries: int
    throttled: bool = False


NEVER: Final = Verdict(0)


def judge(error: BaseException, *, repeatable: bool, max_retries: int) -> Verdict:
    """Decide whether a request may be tried again after an error.

    Args:
        error: What the try ended in.
        repeatable: Whether doing it twice is the same as doing it once (GET, HEAD).
        max_retries: Tries after the first that the caller allows.
    """
    match error:
        case ConnectionFailed(permanent=True):
            unknown_host = error.phase == "resolve"
            return Verdict(min(max_retries, config.UNKNOWN_HOST_RETRIES)) if unknown_host else NEVER
        case ConnectionFailed(sent=False) | RequestTimeout(sent=False):
            return Verdict(max_retries)
        case RateLimited():
            return Verdict(0 if asks_too_long_a_pause(error) else max_retries, throttled=True)
        case _ if not repeatable:
            return NEVER
        case ConnectionFailed(phase="body") | DecodeError(malformed=True):
            return Verdict(min(max_retries, config.CORRUPT_RETRIES))
        case ConnectionFailed() | RequestTimeout():
            return Verdict(max_retries)
        case ServerError(status=503):
            return Verdict(0 if asks_too_long_a_pause(error) else max_retries, throttled=True)
        case StatusError() if error.status in RETRIED_STATUSES:
            return Verdict(max_retries)
    return NEVER


def asks_too_long_a_pause(error: RateLimited | ServerError) -> bool:
    """Tell whether the server asked for a longer pause than is waited for."""
    return error.retry_after is not None and error.retry_after > config.LONGEST_RETRY_AFTER


def outcome_unknown(error: BaseException) -> bool:
    """Tell whether a request that must not be repeated may have been carried out, for all that this error says."""
    match error:
        case ConnectionFailed() | RequestTimeout():
            return error.sent
        case DecodeError() | ServerError():
            return True
        case StatusError():
            return error.status in REDIRECTS_AFTER_PROCESSING or error.status < HTTPStatus.OK  # no final answer
    return False


def is_overload(error: BaseException) -> bool:
    """Tell whether an error shows that the server has too much to do."""
    if isinstance(error, RequestTimeout):
        return error.sent
    return isinstance(error, StatusError) and error.status in OVERLOAD_STATUSES


def backoff(attempt: int, *, throttled: bool) -> float:
    """Return the seconds to wait after a failed try: full jitter under a doubling ceiling.

    Args:
        attempt: The number of the try that failed, from 1.
        throttled: Whether the server asked to be left alone.
    """
    base = config.THROTTLED_BACKOFF if throttled else config.PASSING_BACKOFF
    return random.random() * min(config.LONGEST_BACKOFF, base * 2.0 ** min(attempt - 1, 60))  # noqa: S311 - jitter


class Budget:
    """Retry tokens, shared by all calls of an account: when most tries fail, retries stop, and first tries go on.

    A bucket as in the AWS SDKs and gRPC: a retry takes tokens, gets them back if it succeeds, and each success
    without a retry puts one in.
    """

    __slots__ = ("_tokens",)

    def __init__(self) -> None:
        self._tokens = config.BUDGET

    def withdraw(self, *, throttled: bool) -> int:
        """Take a retry's tokens and return how many; 0 if there are not enough."""
        cost = config.THROTTLED_COST if throttled else config.PASSING_COST
        if self._tokens < cost:
            return 0
        self._tokens -= cost
        return cost

    def deposit(self, tokens: int = 1) -> None:
        """Put tokens back, after a success."""
        self._tokens = min(config.BUDGET, self._tokens + tokens)


def blame_budget(error: KauneongaError) -> None:
    """Let an error tell that there was no budget to try again."""
    if not str(error).endswith(_BLAME):
        error.args = (f"{error}{_BLAME}",)


async def try_again(
    first: KauneongaError,
    attempt: Callable[[], Awaitable[T]],
    judged: Callable[[KauneongaError], Verdict],
    allowed: Callable[[KauneongaError, float], bool],
    waiting: Callable[[KauneongaError, float], None],
) -> T:
    """Try again after a first try that failed, until a try succeeds or none is left.

    Args:
        first: What the first try ended in.
        attempt: Makes another try.
        judged: Says how many retries an error allows.
        allowed: Says whether a retry after so many seconds can be afforded.
        waiting: Is told of each wait, before it.

    Raises:
        KauneongaError: What the last try ended in.
    """
    if judged(first).retries == 0:
        raise first
    try:
        # Late: 15 ms of importing that a program is spared which has nothing to try again.
        from tenacity import AsyncRetrying  # noqa: PLC0415
    except OSError:  # no file descriptor is left to read it by
        raise first from None

    replay: list[KauneongaError] = [first]

    async def replay_or_attempt() -> T:
        if replay:
            raise replay.pop()
        return await attempt()

    def may_retry(state: RetryCallState) -> bool:
        error = _error_of(state)
        return isinstance(error, KauneongaError) and state.attempt_number <= judged(error).retries

    def wait(state: RetryCallState) -> float:
        error = _error_of(state)
        throttled = judged(error).throttled
        asked: float | None = getattr(error, "retry_after", None)
        return asked if throttled and asked is not None else backoff(state.attempt_number, throttled=throttled)

    retrying = AsyncRetrying(
        sleep=asyncio.sleep,
        retry=may_retry,
        wait=wait,
        stop=lambda state: not allowed(_error_of(state), state.upcoming_sleep),
        before_sleep=lambda state: waiting(_error_of(state), state.upcoming_sleep),
        reraise=True,
    )
    return await retrying(replay_or_attempt)


def _error_of(state: RetryCallState) -> Any:
    assert state.outcome is not None
    return state.outcome.exception()
