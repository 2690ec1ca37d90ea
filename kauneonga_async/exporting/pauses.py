"""Pauses: a server that asks an export for patience is waited for, and one that was of use before it got into trouble.

Each time for an hour in which nothing gets done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from kauneonga_async import config
from kauneonga_async.errors import KauneongaError, RateLimited
from kauneonga_async.transport import backoff, judge, logger

__all__ = ["Patience", "patiently", "pause_for"]

T = TypeVar("T")

_SHORTEST = 1.0  # seconds; a server that asks for none at all, for ever, is to come to an end as well
_LOOKS = 3  # at what fails, though the server answers in between


class Patience:
    """How long a server is waited for, by all that share this.

    Args:
        done: Tells how much is done.
        max_retries: Tries after the first that calls have; with none, trouble is not waited for.
    """

    def __init__(self, done: Callable[[], int], max_retries: int = 0) -> None:
        self._done = done
        self._max_retries = max_retries
        self._most_done = done()
        self._left = config.LONGEST_PATIENCE
        self._until = 0.0  # when all pauses are over: two at once are waited for once
        self._was_of_use = False
        self._failures = 0
        self._looks = 0

    def pause_after(self, error: KauneongaError, now: float) -> float | None:
        """Return the seconds to wait before what failed is gone on with; None if it is not waited for.

        Args:
            error: What it failed with.
            now: The loop's time.
        """
        done = self._done()
        if done > self._most_done:
            self._most_done = done
            self._left = config.LONGEST_PATIENCE
            self._was_of_use = True
            self._failures = self._looks = 0
        if isinstance(error, RateLimited) and error.retry_after is not None:
            self._was_of_use = True
            pause = max(_SHORTEST, error.retry_after)
        elif self._is_outage(error):
            self._failures += 1
            pause = max(_SHORTEST, backoff(self._failures, throttled=True))
        else:
            return None
        until = now + pause
        more = max(0.0, min(pause, until - self._until))
        if more > self._left:
            return None
        self._left -= more
        self._until = max(self._until, until)
        return pause

    def tell_lost(self, seconds: float) -> None:
        """Tell that the server was asked whether it is back, and for how long in vain: it was lost indeed."""
        self._left -= seconds
        self._looks = 0

    def tell_back(self) -> None:
        """Tell that the server is back: what goes on failing after that is not for want of it."""
        if self._failures:
            self._looks += 1

    def _is_outage(self, error: KauneongaError) -> bool:
        if not self._was_of_use or self._looks >= _LOOKS:
            return False
        return judge(error, repeatable=True, max_retries=self._max_retries).retries > 0


async def pause_for(error: KauneongaError, patience: Patience, pauses: int, what: str) -> None:
    """Wait before what failed is gone on with.

    Args:
        error: What it failed with.
        patience: How long the server is waited for.
        pauses: How many there were, with this one.
        what: What waits, for the log.

    Raises:
        KauneongaError: What it failed with: it is not waited for.
    """
    pause = patience.pause_after(error, anyio.current_time())
    if pause is None:
        raise error
    if pauses.bit_count() == 1:  # the 1st, 2nd, 4th, 8th ...
        logger.warning("%s: pauses: %d; goes on in %.3g s: %s", what, pauses, pause, error)
    await anyio.sleep(pause)


async def patiently(call: Callable[[], Awaitable[T]], patience: Patience, what: str) -> T:
    """Call a function, again and again as long as the server is waited for, and return what it returns.

    Args:
        call: The function; called again, it goes on.
        patience: How long the server is waited for.
        what: What waits, for the log.

    Raises:
        KauneongaError: What it failed with at last.
    """
    pauses = 0
    while True:
        try:
            return await call()
        except KauneongaError as error:
            failure = error
        pauses += 1
        await pause_for(failure, patience, pauses, what)
