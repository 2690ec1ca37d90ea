"""Part: the file of one window, encoded and written in threads, which appears when the window is whole."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial

from anyio import CapacityLimiter

from kauneonga_async.decoding import Lines
from kauneonga_async.exporting.destinations import PartFile
from kauneonga_async.exporting.entries import PartEntry
from kauneonga_async.exporting.formats import Encoder, Format
from kauneonga_async.streams import Sink
from kauneonga_async.threads import carry_out
from kauneonga_async.windows import Window

__all__ = ["Part", "part_name"]

FLUSHED_AT = 1024 * 1024  # bytes


def part_name(window: Window | None, kind: str, ending: str, number: int = 1) -> str:
    """Return a part's file name: what it holds and for which days, and its number if it is not the first for them."""
    days = f"_{window.first.isoformat()}_{window.last.isoformat()}" if window else ""
    again = f"_{number}" if number > 1 else ""
    return f"{kind}{days}{again}{ending}"


class Part(Sink[bytes]):
    """Takes one window's records.

    Args:
        create: Begins a file of a name.
        name: Its name.
        form: What it is written as.
        began: Is told when it is begun anew: what was written of it is thrown away. None for a part that is never
            begun anew, but goes on with what is new in another answer.
        written: Is told of bytes written.
        encoding: Bounds how many parts are encoded at once; None for no bound.

    Attributes:
        name: Its name.
        records: Records that it was given since it was begun.
        size: Bytes written since then.
    """

    def __init__(
        self,
        create: Callable[[str], PartFile],
        name: str,
        form: Format,
        began: Callable[[], None] | None,
        written: Callable[[int], None],
        encoding: CapacityLimiter | None = None,
    ) -> None:
        self.name = name
        self.records: int = 0
        self.size: int = 0
        self._create = create
        self._form = form
        self._began = began
        self._written = written
        self._encoding = encoding
        self._pending: list[Sequence[bytes]] = []
        self._waiting = 0  # bytes in it
        self._file: PartFile | None = None
        self._encoder: Encoder | None = None
        self._digest = hashlib.sha256()

    def restart(self) -> None:
        """Begin anew: such a part holds one answer's records, or none."""
        if self._began is None:
            return
        self._began()
        self._pending.clear()
        self._waiting = self.size = self.records = 0
        self._encoder = None

    def offer(self, records: Sequence[bytes]) -> bool:
        """Take records, unless enough are waiting to be written."""
        if self._waiting >= FLUSHED_AT:
            return False
        self._pending.append(records)
        self._waiting += len(records.text) if isinstance(records, Lines) else sum(map(len, records))
        self.records += len(records)
        return True

    async def send(self, records: Sequence[bytes]) -> None:
        """Write what is waiting, and take records."""
        await self._flush()
        self.offer(records)

    async def commit(self) -> PartEntry:
        """Write the rest, flush it to the disk, and let the part appear."""
        await self._flush(finish=True)
        file = self._file
        assert file is not None
        stamp = await carry_out(file.commit)
        return PartEntry(self.name, self.records, stamp.size, self._digest.hexdigest(), stamp.mark)

    async def discard(self) -> None:
        """Remove what was written, if it was not committed."""
        await carry_out(self.remove)

    def remove(self) -> None:
        """Do the same, blocking."""
        self._encoder = None
        if self._file is not None:
            self._file.discard()

    async def _flush(self, *, finish: bool = False) -> None:
        pending, self._pending, self._waiting = self._pending, [], 0
        before = self.size
        await carry_out(partial(self._encode, pending, finish), limiter=self._encoding)
        self._written(self.size - before)

    def _encode(self, pending: list[Sequence[bytes]], finish: bool) -> None:  # noqa: FBT001 - by run_sync
        if self._file is None or self._encoder is None:
            if self._file is not None:
                self._file.discard()
            # Known at once, so that it is removed whatever becomes of the call.
            self._file = self._create(self.name)
            self._digest = hashlib.sha256()
            self._encoder = self._form.encoder(self._write)  # which may write at once
        for records in pending:
            self._encoder.add(records)
        if finish:
            self._encoder.finish()
            # It writes by way of us: where it holds that in C++, as Parquet's does, no collector finds the circle.
            self._encoder = None

    def _write(self, data: bytes | memoryview) -> None:
        assert self._file is not None
        self._file.write(data)
        self._digest.update(data)
        self.size += len(data)
