"""Turns: one account's rate, found out by all workers together: the driver lends turns, by way of a queue of Dask's."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
from distributed import Client, Queue, Worker, get_client

from kauneonga_async.transport import Event, Pace

__all__ = ["Lender", "Turns"]

_LENT = 4  # turns that wait in the queue: those are taken even if the server has just asked for a pause
_TOLD_EVERY = 0.25  # seconds
_UNREACHABLE = 0.2  # seconds until the queue is tried again


class Lender:
    """The driver's side: the pace, by what all workers tell of the server's answers.

    Args:
        run: The name of the queue, and of the topic under which workers tell.
    """

    def __init__(self, run: str) -> None:
        self._run = run
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        self._accepted_before = 0
        self._pace: Pace | None = None  # made with the first refusal
        self._refused = anyio.Event()
        self._resume = 0.0
        self._queue: Queue | None = None

    @property
    def is_needed(self) -> bool:
        """Whether the server has refused a request, so that turns are to be taken."""
        return self._pace is not None

    async def attach(self, client: Client) -> None:
        """Work through a client from now on."""
        self._queue = await Queue(self._run, client, maxsize=_LENT)
        client.subscribe_topic(self._run, self._hear)

    async def lend(self) -> None:
        """Lend turns, for ever."""
        await self._refused.wait()
        assert self._pace is not None
        while True:
            wait = self._resume - self._clock()
            if wait <= 0:
                wait = self._pace.delay(self._clock())
            if wait > 0:
                await anyio.sleep(wait)
                continue
            assert self._queue is not None
            try:
                await self._queue.put(1)
            except OSError:  # the scheduler is gone; who waited for the turn is gone too
                await anyio.sleep(_UNREACHABLE)

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        """Hear what a worker tells; see Turns."""
        told, now = event[1], self._clock()
        for _ in range(told.get("accepted", 0)):
            if self._pace is None:
                self._accepted_before += 1
            else:
                self._pace.accepted(now)
        pause = told.get("pause")
        if pause is not None:
            self._resume = max(self._resume, now + pause)
            if self._pace is None:
                self._pace = Pace(self._began, self._accepted_before)
            self._pace.refused(now - told["seconds"], now, self._resume)
            self._refused.set()


class Turns:
    """A worker's side: takes turns, and tells the driver what the server answered.

    Args:
        worker: The worker.
        run: See Lender.
    """

    def __init__(self, worker: Worker, run: str) -> None:
        self._worker = worker
        self._run = run
        self._queue: Queue | None = None
        self._accepted = 0
        self._seconds = 0.0  # that the last refused request took

    async def take(self) -> None:
        """Wait until the account may send another request."""
        if self._queue is None:
            self._queue = await Queue(self._run, await get_client(), maxsize=_LENT)
        await self._queue.get()

    def note(self, event: Event) -> None:
        """Take note of what the server answered: an event hook."""
        if event.kind == "try":
            if event.status == 429:  # noqa: PLR2004 - Too Many Requests, RFC 6585
                self._seconds = event.seconds
            elif event.error is None:
                if not self._accepted:
                    asyncio.get_running_loop().call_later(_TOLD_EVERY, self._tell_accepted)
                self._accepted += 1
        elif event.kind == "wait" and event.status == 429:  # noqa: PLR2004
            self._worker.log_event(self._run, {"pause": event.seconds, "seconds": self._seconds})

    def _tell_accepted(self) -> None:
        accepted, self._accepted = self._accepted, 0
        self._worker.log_event(self._run, {"accepted": accepted})
