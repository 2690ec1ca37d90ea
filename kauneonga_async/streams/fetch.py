"""Fetch: one window's answer, from its first byte to the last record handed on, over all its tries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import anyio

from kauneonga_async import config
from kauneonga_async.decoding import ListDecoder, Refusal
from kauneonga_async.errors import ConnectionFailed, DecodeError, KauneongaError, RequestTimeout
from kauneonga_async.streams.channel import bare_error
from kauneonga_async.streams.listing import Listing
from kauneonga_async.streams.outlet import Sink
from kauneonga_async.streams.report import StreamReport
from kauneonga_async.streams.sieve import Sieve
from kauneonga_async.streams.spool import Spool, SpoolBudget
from kauneonga_async.transport import Answer
from kauneonga_async.windows import Window, api_date

__all__ = ["Fetch"]

T = TypeVar("T")

ReadSlice = Callable[[], Awaitable[bytes]]


class HeldBack(Exception):
    """The connection was lost while the consumer held it back: a cut of our own making, which costs no retry."""

    def __init__(self, error: KauneongaError) -> None:
        super().__init__()
        self.error = error


class Fetch(Generic[T]):
    """Asks for one window and hands on what it owns.

    Args:
        listing: What is asked for.
        sieve: Keeps what is the window's, and each record once.
        sink: Where batches go.
        turn: Is set when this window's records may be handed on.
        budget: Bytes that may be kept aside.
        report: Counts what was done.
    """

    def __init__(
        self,
        listing: Listing[T],
        sieve: Sieve[T],
        sink: Sink[T],
        turn: anyio.Event,
        budget: SpoolBudget,
        report: StreamReport,
    ) -> None:
        self._listing = listing
        self._sieve = sieve
        self._sink = sink
        self._turn = turn
        self._budget = budget
        self._report = report
        self._held_for = 0.0  # seconds for which the consumer has kept this answer waiting

    async def run(self) -> None:
        """Ask, read and hand on; again, where the connection was lost because the consumer was slow.

        Raises:
            KauneongaError: The window cannot be had.
        """
        while True:
            before = self._sieve.handed_out
            try:
                await self._ask()
            except HeldBack as lost:
                failure = lost.error
            else:
                return
            if self._sieve.handed_out == before:
                raise failure

    async def _ask(self) -> None:
        window = self._sieve.window
        request = self._listing.transport.request(
            "GET",
            self._listing.path,
            query=_query(window),
            options=self._listing.options,
            streaming=True,
            splits=window is not None and window.days > 1,
        )
        try:
            await self._listing.transport.send(request, self._read)
        finally:
            self._report.retries += max(0, request.attempts - 1)

    async def _read(self, answer: Answer) -> None:
        self._sieve.restart()
        self._sink.restart()
        self._held_for = 0.0
        decoder = ListDecoder(self._listing.reader, accept_object=self._listing.accept_object)
        failure: KauneongaError | None = None
        try:
            if self._turn.is_set():
                await self._read_directly(answer, decoder)
            else:
                await self._read_aside(answer, decoder, [])
        except DecodeError as error:
            failure = error if error.request_id else answer.identify(error)
        except Refusal as refusal:
            failure = answer.refused(b"", refusal.info)
        except (ConnectionFailed, RequestTimeout) as error:
            if self._held_for >= config.HELD_SECONDS:
                raise HeldBack(error) from None
            raise
        finally:
            self._report.bytes += answer.received
        if failure is not None:
            # Without the frames below, whose locals hold records.
            raise failure.with_traceback(None)

    async def _read_directly(self, answer: Answer, decoder: ListDecoder[T]) -> None:
        """Decode slices as they come from the socket, as long as the consumer keeps up."""
        while data := await answer.read():
            records = await self._decode(decoder, data)
            if records and not self._sink.offer(records) and not await self._hold(answer, records):
                await self._read_aside(answer, decoder, records)
                return
        records = self._finish(decoder)
        if records and not self._sink.offer(records):
            answer.stand_aside()  # the consumer may need the place for a call of its own
            await self._sink.send(records)

    async def _hold(self, answer: Answer, records: Sequence[T]) -> bool:
        """Let the consumer hold back the socket for a while; return whether it took the records."""
        clock = asyncio.get_running_loop().time
        began = clock()
        answer.stand_aside()
        try:
            with anyio.move_on_after(config.HOLD_SECONDS):
                await self._sink.send(records)
                return True
            return False
        finally:
            self._held_for = max(self._held_for, clock() - began)
            answer.come_back()

    async def _read_aside(self, answer: Answer, decoder: ListDecoder[T], held: Sequence[T]) -> None:
        """Read the body to its end while the consumer is not ready for it, so that nobody cuts an idle connection."""
        spool = Spool(self._budget)
        failure: BaseException | None = None
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._fill, answer, spool)
                await self._turn.wait()
                await self._hand_on(held)
                while data := await spool.read():
                    await self._hand_on(await self._decode(decoder, data))
                await self._hand_on(self._finish(decoder))
        except BaseExceptionGroup as group:
            failure = bare_error(group)
        finally:
            await spool.aclose()
        if failure is not None:
            # Outside of the handler: the group would stay on it as its context, with frames whose locals hold records.
            raise failure

    async def _fill(self, answer: Answer, spool: Spool) -> None:
        clock = asyncio.get_running_loop().time
        try:
            while data := await answer.read():
                if spool.is_full:
                    began = clock()
                    answer.stand_aside()
                    await spool.write(data)
                    answer.come_back()
                    self._held_for = max(self._held_for, clock() - began)
                else:
                    await spool.write(data)
        except KauneongaError as error:
            spool.end(error)
        else:
            spool.end()
        # Nothing more is asked of the server: a window that waits for its turn must not keep the one before it out.
        answer.stand_aside()

    async def _decode(self, decoder: ListDecoder[T], data: bytes) -> Sequence[T]:
        async with self._listing.decoding:
            batch = decoder.feed(data)
            records = self._sieve.sift(batch) if batch else []
            await asyncio.sleep(0)
        return self._finished(records)

    def _finish(self, decoder: ListDecoder[T]) -> Sequence[T]:
        batch = decoder.finish()
        return self._finished(self._sieve.sift(batch) if batch else [])

    def _finished(self, records: Sequence[T]) -> Sequence[T]:
        finish = self._listing.finish
        return list(map(finish, records)) if finish else records

    async def _hand_on(self, records: Sequence[T]) -> None:
        if records and not self._sink.offer(records):
            await self._sink.send(records)


def _query(window: Window | None) -> dict[str, str] | None:
    if window is None:
        return None
    return {"from_date": api_date(window.ask_from), "to_date": api_date(window.ask_to)}
