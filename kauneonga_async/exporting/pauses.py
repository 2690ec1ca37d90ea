"""Pauses: a server that asks an export to leave it alone for a while is waited for, if that is not too long."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from kauneonga_async import config
from kauneonga_async.errors import RateLimited

__all__ = ["patiently", "pause_after"]

T = TypeVar("T")


def pause_after(error: BaseException) -> float | None:
    """Return the seconds to wait before what failed is gone on with; None if it is not waited for."""
    asked = error.retry_after if isinstance(error, RateLimited) else None
    return asked if asked is not None and asked <= config.LONGEST_PATIENCE else None


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Call a function, again and again as long as the server asks for patience, and return what it returns.

    Args:
        call: The function; called again, it goes on.
    """
    while True:
        try:
            return await call()
        except RateLimited as error:
            pause = pause_after(error)
            if pause is None:
                raise
        await anyio.sleep(pause)
