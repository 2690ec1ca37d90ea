"""Question: one window asked for, and what its answer holds that is not known yet; the rest is dropped at once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime
from functools import lru_cache, partial
from itertools import compress
from typing import Any

import msgspec

from kauneonga_async.decoding import Batch, InvalidRecord, LineReader, ListDecoder, Refusal, line_reader
from kauneonga_async.errors import DecodeError, KauneongaError
from kauneonga_async.streams import Listing, check_reach
from kauneonga_async.transport import NOT_MODIFIED, Answer, http_date, read_etag
from kauneonga_async.watching.changes import Finding, find_changes
from kauneonga_async.watching.cursor import Cursor
from kauneonga_async.watching.report import WatchReport
from kauneonga_async.windows import Window, api_date

__all__ = ["Answered", "Question"]


class Answered(msgspec.Struct, kw_only=True):
    """What a window's answer held.

    Attributes:
        date: The server's time, if it told.
        etag: What tells this answer from others, if the server told.
        is_unchanged: Whether the server said that the answer known still holds: all else but the date is then empty.
        findings: By id, the records of the window that are not as they are known.
        invalid: Records whose id or date cannot be read.
        ids: The ids of all records, those of other windows included.
        earliest: The first of their dates.
        latest: The last of their dates.
    """

    date: datetime | None
    etag: str | None = None
    is_unchanged: bool = False
    findings: dict[int, Finding] = {}
    invalid: list[InvalidRecord] = []
    ids: set[int] = set()
    earliest: datetime | None = None
    latest: datetime | None = None

    @property
    def total(self) -> int:
        """How many records it held."""
        return len(self.ids) + len(self.invalid)


class Question:
    """Asks for windows and compares.

    Args:
        listing: How to ask.
        cursor: Tells what is known.
        report: Counts what was done.
    """

    def __init__(self, listing: Listing[bytes], cursor: Cursor, report: WatchReport) -> None:
        self._listing = listing
        self._cursor = cursor
        self._report = report
        self._reader: LineReader = line_reader(listing.calendar.date_field)

    def ask(self, window: Window, etag: str | None = None) -> Coroutine[Any, Any, Answered]:
        """Ask for a window, and return what its answer holds.

        Args:
            window: The window.
            etag: That of the answer known.

        Raises:
            CalendarMismatch: A record's date lies where none of the answer's can.
            KauneongaError: The answer cannot be had.
        """
        request = self._listing.transport.request(
            "GET",
            self._listing.path,
            query=_query(window),
            options=self._listing.options,
            etag=etag,
            streaming=True,
            lets_others_by=True,
        )
        return self._listing.transport.send(request, partial(self._read, window))

    async def _read(self, window: Window, answer: Answer) -> Answered:
        date = http_date(answer.headers.get("Date", ""))
        if answer.status == NOT_MODIFIED:
            self._report.windows += 1
            self._report.unchanged += 1
            return Answered(date=date, is_unchanged=True)
        answered = Answered(date=date, etag=read_etag(answer.headers))
        decoder = ListDecoder(self._reader)
        failure: KauneongaError
        try:
            while data := await answer.read():
                await self._compare(await self._decode(decoder, data), window, answered)
            await self._compare(decoder.finish(), window, answered)
            self._report.windows += 1
            self._report.records += answered.total
            return answered
        except DecodeError as error:
            failure = error if error.request_id else answer.identify(error)
        except Refusal as refusal:
            failure = answer.refused(b"", refusal.info)
        finally:
            self._report.bytes += answer.received
        # Without the frames below, whose locals hold records.
        raise failure.with_traceback(None)

    async def _decode(self, decoder: ListDecoder[bytes], data: bytes) -> Batch[bytes] | None:
        async with self._listing.decoding:
            batch = decoder.feed(data)
            await asyncio.sleep(0)
        return batch

    async def _compare(self, batch: Batch[bytes] | None, window: Window, answered: Answered) -> None:
        if batch is None:
            return
        others = len(answered.ids)
        answered.ids.update(batch.ids)
        answered.invalid += (record for record in batch.invalid if record.time is None or window.owns(record.time))
        if batch.span is None:
            return
        first, last = batch.span
        answered.earliest = first if answered.earliest is None else min(answered.earliest, first)
        answered.latest = last if answered.latest is None else max(answered.latest, last)
        check_reach(self._listing.calendar, window, *batch.span)
        records: Sequence[bytes] = batch.records
        ids, times = batch.ids, batch.times
        if not all(map(window.owns, batch.span)):
            own = list(map(window.owns, times))
            records, ids, times = list(compress(records, own)), list(compress(ids, own)), list(compress(times, own))
        if len(answered.ids) - others < len(batch.ids):  # one that comes twice counts as it came last
            places = {record_id: place for place, record_id in enumerate(ids)}
            ids, records, times = (
                list(places),
                [records[place] for place in places.values()],
                [times[place] for place in places.values()],
            )
            for record_id in ids:
                answered.findings.pop(record_id, None)
        if ids:
            known = await self._cursor.digests(ids)
            answered.findings.update((found.id, found) for found in find_changes(records, ids, times, known))


@lru_cache(maxsize=64)  # poll after poll, and for account after account, the same
def _query(window: Window) -> dict[str, str]:
    return {"from_date": api_date(window.ask_from), "to_date": api_date(window.ask_to)}
