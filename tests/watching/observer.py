"""Observer: runs a watch beside a test, and keeps what it tells of."""

from __future__ import annotations

import asyncio
from typing import Any

from kauneonga_async import MessageChange, Watch

INTERVAL = 0.001  # seconds: the next poll begins as soon as the one before has ended


class Observer:
    """Iterates a watch in a task, acknowledging each change at once.

    Attributes:
        seen: Changes, in the order in which they came.
    """

    def __init__(self, watch: Watch[Any]) -> None:
        self.watch = watch
        self.seen: list[MessageChange[Any]] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Observer:
        self._task = asyncio.create_task(self._observe())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task])
        await self.watch.aclose()

    async def settle(self) -> list[MessageChange[Any]]:
        """Wait until all that was there when this was called was looked at; return, and forget, what was seen."""
        assert self._task is not None
        while not self.watch.report.polls:
            await self._tick()
        enough = self.watch.report.polls + 2
        while self.watch.report.polls < enough:
            await self._tick()
        seen, self.seen = self.seen, []
        return seen

    async def _tick(self) -> None:
        assert self._task is not None
        if self._task.done():
            await self._task  # to raise what ended it
            raise AssertionError("the watch ended")
        await asyncio.sleep(0.0005)

    async def _observe(self) -> None:
        async for change in self.watch:
            self.seen.append(change)


def kinds(changes: list[MessageChange[Any]]) -> list[tuple[str, int]]:
    return [(change.kind, change.id) for change in changes]
