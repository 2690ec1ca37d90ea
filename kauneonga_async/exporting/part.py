"""Part: the file of one window, written aside in threads, and renamed when the window is whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from anyio import to_thread

from kauneonga_async.files import AtomicFile
from kauneonga_async.streams import Sink
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
        path: The file it becomes.
        encode: Makes of records what is to be written, in pieces.
        began: Is told when it is begun anew: what was written of it is thrown away. None for a part that is never
            begun anew, but goes on with what is new in another answer.
        written: Is told of bytes written.

    Attributes:
        size: Bytes written since it was begun.
    """

    def __init__(
        self,
        path: Path,
        encode: Callable[[Sequence[bytes]], list[bytes | memoryview]],
        began: Callable[[], None] | None,
        written: Callable[[int], None],
    ) -> None:
        self.path = path
        self.size = 0
        self._encode = encode
        self._began = began
        self._written = written
        self._pending: list[bytes | memoryview] = []
        self._waiting = 0  # bytes in it
        self._file: AtomicFile | None = None
        self._is_new = True

    def restart(self) -> None:
        """Begin anew: such a part holds one answer's records, or none."""
        if self._began is None:
            return
        self._began()
        self._pending.clear()
        self._waiting = self.size = 0
        self._is_new = True

    def offer(self, records: Sequence[bytes]) -> bool:
        """Take records, unless enough are waiting to be written."""
        if self._waiting >= FLUSHED_AT:
            return False
        pieces = self._encode(records)
        self._pending += pieces
        self._waiting += sum(map(len, pieces))
        return True

    async def send(self, records: Sequence[bytes]) -> None:
        """Write what is waiting, and take records."""
        await self._flush()
        self.offer(records)

    @property
    def is_empty(self) -> bool:
        """Whether it holds nothing."""
        return not (self.size or self._waiting)

    async def commit(self) -> None:
        """Write the rest, flush it to the disk, and let the part appear."""
        await self._flush()
        assert self._file is not None
        await to_thread.run_sync(self._file.commit)

    async def discard(self) -> None:
        """Remove what was written, if it was not committed."""
        if self._file is not None:
            await to_thread.run_sync(self._file.discard)

    async def _flush(self) -> None:
        pieces, size = self._pending, self._waiting
        self._pending, self._waiting = [], 0
        await to_thread.run_sync(self._write, pieces)
        self.size += size
        self._written(size)

    def _write(self, pieces: list[bytes | memoryview]) -> None:
        if self._file is None or self._is_new:
            if self._file is not None:
                self._file.close()
            # Known at once, so that it is removed whatever becomes of the call.
            self._file = AtomicFile(self.path, part=self.path.with_name(f"_{self.path.name}.part"))
            self._is_new = False
        for piece in pieces:
            self._file.write(piece)
