"""RecordStream: what ``stream()`` returns: a recipe that each ``async for`` starts anew."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from types import TracebackType
from typing import Generic, Protocol, TypeVar

from kauneonga_async import config
from kauneonga_async.errors import ClientClosed, KauneongaError
from kauneonga_async.streams.channel import Channel, ChannelClosed
from kauneonga_async.streams.report import StreamReport

__all__ = ["Recipe", "RecordStream", "StreamRun", "Supervisors"]

T = TypeVar("T")


class StreamRun(Protocol):
    """One iteration at work.

    Attributes:
        error: What ended it early, once its channel is closed.
    """

    error: BaseException | None

    async def supervise(self) -> None:
        """Run to the end, then close the channel."""


Recipe = Callable[[StreamReport, Channel[T]], StreamRun]
"""Makes a run that counts what it does, and puts batches into a channel."""


class Supervisors:
    """The tasks of a client's streams, so that none outlives it.

    Attributes:
        decoding: Held by who decodes: one slice a turn of the loop, in however many streams.
    """

    def __init__(self) -> None:
        self.decoding = asyncio.Lock()
        self._running: dict[asyncio.Task[None], StreamRun] = {}

    def start(self, run: StreamRun) -> asyncio.Task[None]:
        """Start a run."""
        # The one task that is nobody's child: what it does is bounded by a task group inside of it, and it by us.
        task = asyncio.create_task(run.supervise(), name="kauneonga stream")
        self._running[task] = run
        task.add_done_callback(self._forget)
        return task

    async def aclose(self) -> None:
        """End all runs; their consumers meet ClientClosed."""
        for task, run in list(self._running.items()):
            run.error = ClientClosed("the client was closed while a stream was running")
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        if not task.cancelled():
            task.exception()


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
        self._check = check
        self._supervisors = supervisors
        self._label = label
        self._report = StreamReport()
        self._iterations: weakref.WeakSet[_Batches[T]] = weakref.WeakSet()

    @property
    def report(self) -> StreamReport:
        """What the latest iteration has done so far."""
        return self._report

    def __aiter__(self) -> AsyncIterator[T]:
        """Start an iteration that yields one record at a time."""
        return _Records(self._begin())

    def batches(self) -> AsyncIterator[list[T]]:
        """Start an iteration that yields lists of records, as they arrive: the faster way."""
        return self._begin()

    async def collect(self) -> list[T]:
        """Return all records."""
        records: list[T] = []
        async with self:
            async for batch in self.batches():
                records += batch
        return records

    async def aclose(self) -> None:
        """End all iterations, and wait until their connections are released."""
        for iteration in list(self._iterations):
            await iteration.aclose()

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

    def _begin(self) -> _Batches[T]:
        report, recipe = StreamReport(), self._recipe
        self._report = report
        iteration: _Batches[T] = _Batches(partial(recipe, report), self._check, self._supervisors)
        self._iterations.add(iteration)
        return iteration


class _Batches(AsyncIterator[list[T]]):
    """One iteration. Only the consumer's loop holds it: when it is let go, the run's task is cancelled."""

    def __init__(
        self, make: Callable[[Channel[T]], StreamRun], check: Callable[[], None], supervisors: Supervisors
    ) -> None:
        self._make = make
        self._check = check
        self._supervisors = supervisors
        self._channel: Channel[T] = Channel(config.BATCHES_AHEAD)
        self._run: StreamRun | None = None
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def __anext__(self) -> list[T]:
        run = self._run or self._start()
        try:
            batch = await self._channel.receive()
            return batch if isinstance(batch, list) else list(batch)
        except ChannelClosed:
            pass
        except BaseException:
            self.close()
            raise
        if run.error is None:
            if self._closed:
                raise RuntimeError("this iteration was closed, or cancelled, before its end: start another")
            raise StopAsyncIteration
        if isinstance(run.error, KauneongaError):
            # Without the frames of the run, whose locals hold records.
            raise run.error.with_traceback(None)
        raise run.error

    def close(self) -> None:
        """Cancel the run, in the event loop's thread or any other."""
        if self._closed or (self._task is not None and self._task.done()):
            return
        self._closed = True
        if self._task is None:
            return
        loop = self._task.get_loop()
        if loop is _running_loop():
            self._task.cancel()
        elif not loop.is_closed():
            loop.call_soon_threadsafe(self._task.cancel)

    async def aclose(self) -> None:
        """Cancel the run, and wait until its connections are released."""
        self.close()
        if self._task is not None:
            await asyncio.wait([self._task])
        self._channel.drop()

    def __del__(self) -> None:
        self.close()

    def _start(self) -> StreamRun:
        self._check()
        if self._closed:
            raise RuntimeError("this iteration was closed: start another")
        self._run = self._make(self._channel)
        self._task = self._supervisors.start(self._run)
        return self._run


class _Records(AsyncIterator[T]):
    """One iteration, record by record."""

    def __init__(self, batches: _Batches[T]) -> None:
        self._batches = batches
        self._batch: Iterator[T] = iter(())

    async def __anext__(self) -> T:
        for record in self._batch:
            return record
        while True:
            self._batch = iter(await self._batches.__anext__())
            for record in self._batch:
                return record


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
