"""Iteration: one `async for` over a recipe: its run is a task that the client owns, and only the loop holds it."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

from anyio.lowlevel import checkpoint_if_cancelled

from kauneonga_async.errors import ClientClosed, KauneongaError
from kauneonga_async.streams.channel import ChannelClosed

__all__ = ["Iteration", "Iterations", "Records", "Source", "StreamRun", "Supervisors"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class StreamRun(Protocol):
    """One iteration at work.

    Attributes:
        error: What ended it early, once its channel is closed.
    """

    error: BaseException | None

    async def supervise(self) -> None:
        """Run to the end, then close the channel."""


class Source(Protocol[T_co]):
    """Where a consumer takes batches from."""

    async def receive(self) -> Sequence[T_co]:
        """Take a batch out, waiting for one.

        Raises:
            ChannelClosed: No more come.
        """
        ...

    def drop(self) -> bool:
        """Let go of what is in it; return whether there was anything."""
        ...


class Supervisors:
    """The tasks of a client's streams, so that none outlives it.

    Attributes:
        decoding: Held by who decodes: one slice a turn of the loop, in however many streams.
    """

    def __init__(self) -> None:
        self.decoding: asyncio.Lock = asyncio.Lock()
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

    async def settle(self) -> None:
        """Wait until runs that were let go of, and are ending, have let go of what they hold."""
        ending = [task for task in self._running if task.cancelling()]
        if ending:
            await asyncio.wait(ending)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        if not task.cancelled():
            task.exception()


class Iteration(AsyncIterator[list[T]]):
    """One iteration. Only the consumer's loop holds it: when it is let go, the run's task is cancelled.

    Args:
        source: Where batches come from.
        make: Makes the run that they come of, when the first is asked for.
        start: Starts a run, in a task that the client owns.
    """

    def __init__(
        self, source: Source[T], make: Callable[[], StreamRun], start: Callable[[StreamRun], asyncio.Task[None]]
    ) -> None:
        self._source = source
        self._make = make
        self._start = start
        self._run: StreamRun | None = None
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def __anext__(self) -> list[T]:
        run = self._run or self._begin()
        try:
            # anyio cancels a task only while what it waits for has not come: a source that keeps up would never let it.
            await checkpoint_if_cancelled()
            batch = await self._source.receive()
            return batch if isinstance(batch, list) else list(batch)
        except ChannelClosed:
            pass
        except BaseException:
            self.close()
            raise
        if run.error is None:
            # Somebody may have cancelled all tasks, which the run's is one of.
            if self._closed or (self._task is not None and self._task.cancelling()):
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
        if self._source.drop():
            self._closed = True  # also where the run was done: what it found has not all been received

    def __del__(self) -> None:
        self.close()

    def _begin(self) -> StreamRun:
        if self._closed:
            raise RuntimeError("this iteration was closed: start another")
        run = self._make()
        self._task = self._start(run)
        self._run = run
        return run


class Records(AsyncIterator[T]):
    """One iteration, record by record."""

    def __init__(self, batches: Iteration[T]) -> None:
        self._batches = batches
        self._batch: Iterator[T] = iter(())

    async def __anext__(self) -> T:
        for record in self._batch:
            return record
        while True:
            self._batch = iter(await self._batches.__anext__())
            for record in self._batch:
                return record


class Iterations(Generic[T]):
    """The iterations of one recipe: begun one by one, ended together.

    Args:
        check: Makes sure that a run may be started, here and now.
        supervisors: Owns the runs' tasks.
    """

    def __init__(self, check: Callable[[], None], supervisors: Supervisors) -> None:
        self._check = check
        self._supervisors = supervisors
        self._begun: weakref.WeakSet[Iteration[T]] = weakref.WeakSet()
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, source: Source[T], make: Callable[[], StreamRun]) -> Iteration[T]:
        """Return a new iteration; see there."""
        iteration = Iteration(source, make, self._start)
        self._begun.add(iteration)
        return iteration

    async def aclose(self) -> None:
        """End all of them, and wait until their connections are released."""
        for iteration in list(self._begun):
            await iteration.aclose()
        if self._running:
            await asyncio.wait(self._running)  # of iterations that were let go of, and are ending

    def _start(self, run: StreamRun) -> asyncio.Task[None]:
        self._check()
        task = self._supervisors.start(run)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
