"""An event loop that times its turns: from when it knows what to do until it looks for more."""

from __future__ import annotations

import asyncio
import selectors
import time
from typing import Any


class TimedLoop(asyncio.SelectorEventLoop):
    """Keeps how long each turn took, in seconds."""

    def __init__(self) -> None:
        self._turns: list[float] = []
        super().__init__(_TimedSelector(self._turns))

    def forget(self) -> None:
        """Begin to count."""
        self._turns.clear()

    def count(self) -> int:
        """Return how many turns there were."""
        return len(self._turns)

    def longest(self) -> float:
        """Return the longest turn."""
        return max(self._turns)

    def percentile(self, share: float) -> float:
        """Return what so great a share of the turns did not exceed."""
        return sorted(self._turns)[min(len(self._turns) - 1, int(len(self._turns) * share))]


class _TimedSelector(selectors.DefaultSelector):
    def __init__(self, turns: list[float]) -> None:
        super().__init__()
        self._kept = turns
        self._woke: float | None = None

    def select(self, timeout: float | None = None) -> Any:
        if self._woke is not None:
            self._kept.append(time.perf_counter() - self._woke)
        ready = super().select(timeout)
        self._woke = time.perf_counter()
        return ready
