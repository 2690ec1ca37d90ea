"""LookupRun: the details of many ids, fetched concurrently and handed out in the order given."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Generic, TypeVar

import anyio

from kauneonga_async.streams.channel import Channel, bare_error
from kauneonga_async.streams.ids import IdSet
from kauneonga_async.streams.report import StreamReport

__all__ = ["LookupRun"]

T = TypeVar("T")


class LookupRun(Generic[T]):
    """Fetches records by their ids.

    Args:
        ids: The ids; one that comes twice is fetched once.
        fetch: Returns a record in a list, or an empty list for one that is left out.
        concurrency: Ids that are asked for at once.
        report: Counts what was done.
        channel: Where the records go.

    Attributes:
        error: What ended the run early, once the channel is closed.
    """

    def __init__(
        self,
        ids: Iterator[int],
        fetch: Callable[[int], Awaitable[list[T]]],
        concurrency: int,
        report: StreamReport,
        channel: Channel[T],
    ) -> None:
        self._channel = channel
        self.error: BaseException | None = None
        self._ids = ids
        self._fetch = fetch
        self._concurrency = concurrency
        self._report = report
        self._known = IdSet()
        self._taken = 0
        self._fetched: dict[int, list[T]] = {}  # by position, waiting for those before them
        self._handed_on = 0
        self._handing_on = asyncio.Lock()
        self._moved = anyio.Event()

    async def supervise(self) -> None:
        """Run to the end. To be a task of its own, so that nothing in it is tied to the consumer's."""
        try:
            async with anyio.create_task_group() as tasks:
                for _ in range(self._concurrency):
                    tasks.start_soon(self._labour)
        except BaseExceptionGroup as group:
            self.error = self.error or bare_error(group)
        finally:
            self._channel.close()

    async def _labour(self) -> None:
        for record_id in self._ids:
            if not self._known.add(record_id):
                self._report.duplicates += 1
                continue
            position = self._taken
            self._taken += 1
            while position >= self._handed_on + 2 * self._concurrency:
                await self._moved.wait()
            self._fetched[position] = await self._fetch(record_id)
            await self._hand_on()

    async def _hand_on(self) -> None:
        async with self._handing_on:
            while self._handed_on in self._fetched:
                records: list[T] = []
                while self._handed_on in self._fetched:
                    records += self._fetched.pop(self._handed_on)
                    self._handed_on += 1
                self._moved.set()
                self._moved = anyio.Event()
                if records:
                    self._report.records += len(records)
                    await self._channel.send(records)
