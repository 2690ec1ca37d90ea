"""Threads: blocking work that is carried to its end, whatever becomes of the task that waits for it."""

from __future__ import annotations

from collections.abc import Callable

import anyio
from anyio import CancelScope, to_thread

__all__ = ["carry_out"]


async def carry_out(function: Callable[[], object]) -> None:
    """Run a blocking function in a thread, and return, or be cancelled, only when it is done."""

    async def shielded() -> None:
        with CancelScope(shield=True):
            await to_thread.run_sync(function)

    # A task of its own: asyncio's own cancellation passes a shield, and would leave the thread behind.
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(shielded)
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
