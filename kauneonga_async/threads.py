"""Threads: blocking work that is carried to its end, whatever becomes of the task that waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio import CancelScope, to_thread

__all__ = ["carry_out"]

T = TypeVar("T")


async def carry_out(function: Callable[[], T], *, limiter: anyio.CapacityLimiter | None = None) -> T:
    """Run a blocking function in a thread, and return, or be cancelled, only when it is done.

    Args:
        function: The function.
        limiter: Says how many may run at once; None for as many as anyio lets.
    """
    results: list[T] = []

    async def shielded() -> None:
        with CancelScope(shield=True):
            results.append(await to_thread.run_sync(function, limiter=limiter))

    # A task of its own: asyncio's own cancellation passes a shield, and would leave the thread behind.
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(shielded)
    except BaseExceptionGroup as group:
        failure = group.exceptions[0]
    else:
        return results[0]
    # Outside of the handler: the group would stay on it as its context, with frames whose locals hold what was at work.
    raise failure
