"""Pauses: a server that asks an export to leave it alone for a while is waited for, if that is not too long."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from kauneonga_async import config
from kauneonga_async.errors import RateLimited

__all__ = ["Patience", "patiently"]

T = TypeVar("T")

_SHORTEST = 1.0  # seconds; a server that asks for none at all, for ever, is to come to an end as well


class Patience:
    """How long a server is waited for: an hour in all, and anew when more was done in between.

    Args:
        done: Tells how much is done.
    """

    def __init__(self, done: Callable[[], int]) -> None:
        self._done = done
        self._most_done = done()
        self._left = config.LONGEST_PATIENCE

    def pause_after(self, error: BaseException) -> float | None:
        """Return the seconds to wait before what failed is gone on with; None if it is not waited for."""
        if not isinstance(error, RateLimited) or error.retry_after is None:
            return None
        done = self._done()
        if done > self._most_done:
            self._most_done = done
            self._left = config.LONGEST_PATIENCE
        pause = max(_SHORTEST, error.retry_after)
        if pause > self._left:
            return None
        self._left -= pause
        return pause


async def patiently(call: Callable[[], Awaitable[T]], done: Callable[[], int] = lambda: 0) -> T:
    """Call a function, again and again as long as the server asks for patience, and return what it returns.

    Args:
        call: The function; called again, it goes on.
        done: Tells how much it has done; when that is more than before, an hour's patience begins anew.

    Raises:
        RateLimited: The server asks for more than an hour, at once or bit by bit.
    """
    patience = Patience(done)
    while True:
        try:
            return await call()
        except RateLimited as error:
            pause = patience.pause_after(error)
            if pause is None:
                raise
        await anyio.sleep(pause)
