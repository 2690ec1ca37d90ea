"""An event loop whose clock jumps over idle time: seconds of waiting pass in none, sockets go on working."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import Any
from unittest import mock

from anyio import to_thread

# Loopback answers within this; what takes longer is waited for by the clock.
GRACE = 0.02


class _JumpingSelector(selectors.DefaultSelector):
    """Where the loop would sleep, it lets real I/O happen for a moment, then moves the clock instead."""

    def __init__(self, grace: float) -> None:
        super().__init__()
        self.ahead = 0.0
        self.threads = 0  # at work: their time is not idle
        self._grace = grace

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None or timeout <= self._grace:
            return super().select(timeout)
        ready = super().select(self._grace)
        if not ready and not self.threads:
            self.ahead += timeout - self._grace
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """See the module.

    Args:
        grace: Seconds for which real I/O is waited for before the clock jumps; 0 where there is none.
    """

    def __init__(self, grace: float = GRACE) -> None:
        self._jumping = _JumpingSelector(grace)
        super().__init__(self._jumping)

    def time(self) -> float:
        return super().time() + self._jumping.ahead

    def run_forever(self) -> None:
        with (
            # It asks another clock for how long a connection has not been used, and would look for ever.
            mock.patch("aiohttp.connector.monotonic", self.time),
            mock.patch("anyio.to_thread.run_sync", self._counted(to_thread.run_sync)),
        ):
            super().run_forever()

    def _counted(self, run_sync: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def counted(*arguments: Any, **options: Any) -> Any:
            self._jumping.threads += 1
            try:
                return await run_sync(*arguments, **options)
            finally:
                self._jumping.threads -= 1

        return counted
