"""The loop whose clock jumps: what is at work in a thread is waited for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

from anyio import to_thread

from tests.clock import GRACE


def test_the_clock_does_not_jump_while_a_thread_is_at_work(
    run_jumping: Callable[[Coroutine[Any, Any, float]], float],
) -> None:
    async def work_and_wait() -> float:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(1000):
            await to_thread.run_sync(time.sleep, 5 * GRACE)
        began = loop.time()
        await asyncio.sleep(500)
        return loop.time() - began

    began = time.monotonic()
    assert run_jumping(work_and_wait()) >= 500
    assert time.monotonic() - began < 100
