"""Details: a part whose messages are listed first, and then fetched one by one, whole (API.md, Responses)."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import islice
from typing import IO

import anyio
import msgspec

from kauneonga_async.client import KauneongaClient
from kauneonga_async.config import CallOptions
from kauneonga_async.decoding import UNREADABLE
from kauneonga_async.exporting.destinations import Stamp
from kauneonga_async.exporting.entries import PartEntry
from kauneonga_async.exporting.formats import JsonLines
from kauneonga_async.exporting.part import Part
from kauneonga_async.streams import Sink
from kauneonga_async.threads import carry_out

__all__ = ["DetailedPart", "FetchDetails", "InTurn", "fetch_details"]

FetchDetails = Callable[[list[int]], AsyncIterator[list[msgspec.Raw]]]
"""Fetches messages in the order of their ids, leaving out those that are not there."""

_AT_ONCE = 1000  # messages fetched before the next are read from the list


async def fetch_details(
    client: KauneongaClient,
    concurrency: int | None,
    options: CallOptions,
    ids: list[int],
    take_turn: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[list[msgspec.Raw]]:
    """Fetch messages, see FetchDetails; with ``take_turn`` awaited before each."""
    at_once = len(ids) if take_turn is None else concurrency or client.concurrency
    for first in range(0, len(ids), at_once):
        some = ids[first : first + at_once]
        if take_turn is not None:
            for _ in some:
                await take_turn()
        async with client.messages.get_many(
            some,
            record_type=msgspec.Raw,
            missing="skip",
            concurrency=concurrency,
            timeout=options.timeout,
            max_retries=options.max_retries,
            extra_headers=options.extra_headers,
        ) as messages:
            async for batch in messages.batches():
                yield batch


class InTurn:
    """Fetches the messages of many windows, and no more than so many at once of all of them together.

    A window begins when those before it leave it the places that it needs: files are done one after the other, and what
    is thrown away if the run is ended is the less.

    Args:
        fetch: Fetches those of a window.
        at_once: Messages that are fetched at once.
        places: The client's. If they are no more, what is asked for beyond ``at_once`` waits for them in its turn: a
            window begins as soon as one of them is left to it.
    """

    def __init__(self, fetch: FetchDetails, at_once: int, places: int) -> None:
        self._fetch = fetch
        self._at_once = at_once
        self._least = at_once if places > at_once else 1
        self._free = at_once
        self._first = anyio.Lock()  # held by the window that is the next to begin: they begin as they came
        self._freed = anyio.Event()

    async def __call__(self, ids: list[int]) -> AsyncIterator[list[msgspec.Raw]]:
        """Fetch messages, see FetchDetails."""
        count = min(len(ids), self._at_once)
        async with self._first:
            while self._free < min(count, self._least):
                self._freed = anyio.Event()
                await self._freed.wait()
            self._free -= count
        left = len(ids)
        try:
            async for batch in self._fetch(ids):
                yield batch
                left -= len(batch)
                if left < count:
                    self._leave(count - left)
                    count = left
        finally:
            self._leave(count)

    def _leave(self, places: int) -> None:
        self._free += places
        self._freed.set()


class _Key(msgspec.Struct):
    id: int


_KEY = msgspec.json.Decoder(_Key)


class DetailedPart(Sink[bytes]):
    """Keeps what is listed in a private file without a name, and writes the part once the list is whole.

    A message that is gone by then, or whose answer does not have its id, is written as it was listed.

    Args:
        part: The part to write.
        fetch: Fetches the messages.
        began: Is told when the list is begun anew; None for one that is never.
    """

    def __init__(self, part: Part, fetch: FetchDetails, began: Callable[[], None] | None) -> None:
        self._part = part
        self._fetch = fetch
        self._scratch = _Scratch()
        self._listed = Part(self._scratch.create, part.name, JsonLines(None), began, _not_counted)

    @property
    def name(self) -> str:
        """Its name."""
        return self._part.name

    @property
    def records(self) -> int:
        """Records that were listed."""
        return self._listed.records

    @property
    def size(self) -> int:
        """Bytes written of the part."""
        return self._part.size

    def restart(self) -> None:
        """Begin the list anew."""
        self._listed.restart()

    def offer(self, records: Sequence[bytes]) -> bool:
        """Take records, unless enough are waiting to be written."""
        return self._listed.offer(records)

    async def send(self, records: Sequence[bytes]) -> None:
        """Write what is waiting, and take records."""
        await self._listed.send(records)

    async def commit(self) -> PartEntry:
        """Fetch what was listed, write it, and let the part appear."""
        await self._listed.commit()
        kept = 0
        while lines := await carry_out(self._scratch.next_lines):
            kept += await self._write(lines)
        await carry_out(self._scratch.close)
        return msgspec.structs.replace(await self._part.commit(), without_details=kept)

    async def discard(self) -> None:
        """Remove what was written, if it was not committed."""
        await carry_out(self.remove)

    def remove(self) -> None:
        """Do the same, blocking."""
        self._scratch.close()
        self._part.remove()

    async def _write(self, lines: list[bytes]) -> int:
        """Write the messages of lines of a list, in its order; return how many of them stay as they were listed."""
        messages = {_KEY.decode(line).id: line.rstrip() for line in lines}
        missing = set(messages)
        async for batch in self._fetch(list(messages)):
            for message in batch:
                message_id = _id_of(message)
                if message_id in messages:
                    messages[message_id] = bytes(message)
                    missing.discard(message_id)
        await self._part.send(list(messages.values()))
        return len(missing)


class _Scratch:
    """A file without a name, as the place of one part."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None

    def create(self, name: str) -> _Scratch:
        return self

    def write(self, data: bytes | memoryview) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="kauneonga-")  # noqa: SIM115 - open until the part is done
        self._file.write(data)

    def commit(self) -> Stamp:
        if self._file is not None:
            self._file.seek(0)
        return Stamp(0, "")

    def discard(self) -> None:
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()

    def next_lines(self) -> list[bytes]:
        return list(islice(self._file, _AT_ONCE)) if self._file is not None else []

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _id_of(message: msgspec.Raw) -> int | None:
    try:
        return _KEY.decode(message).id
    except UNREADABLE:
        return None


def _not_counted(size: int) -> None:
    """What is kept aside is not what was written."""
