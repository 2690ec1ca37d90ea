"""Asker: the doctor's calls: counted, timed, and read no further than needed."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Final

import aiohttp
import msgspec

from kauneonga_async.calendars import DAY
from kauneonga_async.client import KauneongaClient
from kauneonga_async.config import CallOptions
from kauneonga_async.decoding import ListDecoder, Refusal
from kauneonga_async.doctor.evidence import Held, Question
from kauneonga_async.errors import DecodeError, KauneongaError
from kauneonga_async.models import Instant, RecordId
from kauneonga_async.resources import listing_of
from kauneonga_async.transport import Answer, Transport, http_date
from kauneonga_async.windows import api_date

__all__ = ["MESSAGES", "Asker", "Listed", "Reply"]

MESSAGES: Final = "/v2/messages"
_LONGEST_LIST: Final = 100_000  # records, of which nothing but id and date is kept


class Reply(msgspec.Struct, frozen=True):
    """An answer, read whole. Its repr shows no body.

    Attributes:
        status: The HTTP status.
        headers: The headers; names of any case.
        body: The body, decompressed.
        seconds: What the call took.
        middle: Halfway between asking and the answer's head, by our clock, aware.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    middle: datetime

    @property
    def date(self) -> datetime | None:
        """The server's clock, where it tells."""
        return http_date(self.headers.get("Date", ""))

    def __repr__(self) -> str:
        return f"Reply(status={self.status}, {len(self.body)} bytes)"


class Listed(msgspec.Struct, frozen=True):
    """What a list of messages held.

    Attributes:
        held: The messages' dates.
        newest: The id of the youngest message, if there is any.
        unreadable: Records without an id or a date that can be read.
    """

    held: Held
    newest: int | None
    unreadable: int


class _Dated(msgspec.Struct, frozen=True, gc=False):
    id: RecordId
    created_at: Instant


class Asker:
    """Asks on behalf of a client.

    Args:
        client: Whose account, and over whose connections.

    Attributes:
        calls: Calls so far.
        connections: Connections that were made for them.
        reused: Requests that went over one that was there.
    """

    def __init__(self, client: KauneongaClient) -> None:
        day = datetime.now().astimezone().date()
        self._listing = listing_of(
            client.messages,
            day,
            day,
            record_type=_Dated,
            window=DAY,
            concurrency=None,
            ordered=True,
            on_invalid="skip",
            timeout=None,
            max_retries=None,
            extra_headers=None,
        )
        self.transport: Transport = self._listing.transport
        self.options: CallOptions = self._listing.options
        self.calls: int = 0
        self.connections: int = 0
        self.reused: int = 0

    async def get(self, path: str, query: Mapping[str, str] | None = None, *, etag: str | None = None) -> Reply:
        """Return an answer, read whole: for what is small.

        Raises:
            KauneongaError: There is none, or it is a refusal.
        """
        self.calls += 1
        began = asyncio.get_running_loop().time()
        request = self.transport.request("GET", path, query=query, etag=etag)
        return await self.transport.send(request, partial(_read_reply, began, datetime.now().astimezone()))

    async def list_days(self, question: Question, *, most: int = _LONGEST_LIST) -> Listed:
        """Return what a list of days holds.

        Args:
            question: The days.
            most: Records after which to stop reading, in about.

        Raises:
            KauneongaError: There is no such list.
        """
        self.calls += 1
        query = {"from_date": api_date(question.first), "to_date": api_date(question.last)}
        request = self.transport.request("GET", MESSAGES, query=query, options=self.options, streaming=True)
        return await self.transport.send(request, partial(self._read_list, most))

    async def _read_list(self, most: int, answer: Answer) -> Listed:
        decoder = ListDecoder(self._listing.reader)
        instants, newest, unreadable = array("q"), (0, 0), 0
        failure: KauneongaError
        complete = False
        try:
            while len(instants) < most and not complete:
                data = await answer.read()
                complete = not data
                batch = decoder.feed(data) if data else decoder.finish()
                if batch:
                    moments = [round(moment.timestamp() * 1000) for moment in batch.times]
                    instants.extend(moments)
                    newest = max(newest, *zip(moments, batch.ids, strict=True)) if moments else newest
                    unreadable += len(batch.invalid)
                await asyncio.sleep(0)
        except DecodeError as error:
            failure = error if error.request_id else answer.identify(error)
        except Refusal as refusal:
            failure = answer.refused(b"", refusal.info)
        else:
            return Listed(Held(instants, complete), newest[1] or None, unreadable)
        # Without the frames below, whose locals hold records.
        raise failure.with_traceback(None)

    def watch_connections(self) -> None:
        """Count connections from now on."""
        trace = aiohttp.TraceConfig()
        trace.on_connection_create_end.append(self._note_made)
        trace.on_connection_reuseconn.append(self._note_reused)
        trace.freeze()
        self.transport.sessions.pick(repeatable=True, foreign=False).trace_configs.append(trace)
        self._trace = trace

    def stop_watching(self) -> None:
        """Count them no more."""
        self.transport.sessions.pick(repeatable=True, foreign=False).trace_configs.remove(self._trace)

    async def _note_made(self, *_: object) -> None:
        self.connections += 1

    async def _note_reused(self, *_: object) -> None:
        self.reused += 1


async def _read_reply(began: float, asked: datetime, answer: Answer) -> Reply:
    answered = datetime.now().astimezone()
    body = await answer.read_whole()
    seconds = asyncio.get_running_loop().time() - began
    return Reply(answer.status, answer.headers, body, seconds, asked + (answered - asked) / 2)
