"""An event loop whose clock jumps over idle time: seconds of waiting pass in none, sockets go on working."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any
from unittest import mock

# Loopback answers within this; what takes longer is waited for by the clock.
GRACE = 0.02


class _JumpingSelector(selectors.DefaultSelector):
    """Where the loop would sleep, it lets real I/O happen for a moment, then moves the clock instead."""

    def __init__(self, grace: float) -> None:
        super().__init__()
        self.ahead = 0.0
        self._grace = grace

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None or timeout <= self._grace:
            return super().select(timeout)
        ready = super().select(self._grace)
        if not ready:
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
        # It asks another clock for how long a connection has not been used, and would look for ever.
        with mock.patch("aiohttp.connector.monotonic", self.time):
            super().run_forever()
