"""RecordStream: what ``stream()`` returns: a recipe that each ``async for`` starts anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from types import TracebackType
from typing import Generic, TypeVar

from kauneonga_async import config
from kauneonga_async.errors import KauneongaError
from kauneonga_async.streams.channel import Channel
from kauneonga_async.streams.iteration import Iteration, Iterations, Records, StreamRun, Supervisors
from kauneonga_async.streams.report import StreamReport

__all__ = ["Recipe", "RecordStream"]

T = TypeVar("T")

Recipe = Callable[[StreamReport, Channel[T]], StreamRun]
"""Makes a run that counts what it does, and puts batches into a channel."""


class RecordStream(Generic[T]):
    """Records, as they arrive.

    Nothing is asked for until it is iterated, and each iteration asks anew. Leaving a loop early, by ``break``, an
    exception or cancellation, releases every connection; where that must not wait for the garbage collector, use
    ``async with`` or ``aclose()``.

    Examples:
        >>> async def count(client: KauneongaClient) -> int:
        ...     async with client.messages.stream(date(2025, 1, 1), date(2025, 3, 31)) as messages:
        ...         return len([message async for message in messages])
    """

    def __init__(self, recipe: Recipe[T], check: Callable[[], None], supervisors: Supervisors, label: str) -> None:
        self._recipe = recipe
        self._label = label
        self._report = StreamReport()
        self._iterations: Iterations[T] = Iterations(check, supervisors)

    @property
    def report(self) -> StreamReport:
        """What the latest iteration has done so far."""
        return self._report

    def __aiter__(self) -> AsyncIterator[T]:
        """Start an iteration that yields one record at a time."""
        return Records(self._begin())

    def batches(self) -> AsyncIterator[list[T]]:
        """Start an iteration that yields lists of records, as they arrive: the faster way."""
        return self._begin()

    async def collect(self) -> list[T]:
        """Return all records."""
        failure: BaseException
        try:
            return await self._collect()
        except (KauneongaError, asyncio.CancelledError) as error:
            failure = error
        # Without the frames below, whose locals hold records.
        raise failure.with_traceback(None)

    async def aclose(self) -> None:
        """End all iterations, and wait until their connections are released."""
        await self._iterations.aclose()

    async def __aenter__(self) -> RecordStream[T]:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"RecordStream({self._label})"

    async def _collect(self) -> list[T]:
        records: list[T] = []
        async with self:
            async for batch in self.batches():
                records += batch
        return records

    def _begin(self) -> Iteration[T]:
        self._report = StreamReport()
        channel: Channel[T] = Channel(config.BATCHES_AHEAD)
        return self._iterations.begin(channel, partial(self._recipe, self._report, channel))
