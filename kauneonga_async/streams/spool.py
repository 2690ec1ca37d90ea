"""Spool: bytes kept aside for a consumer that is not ready for them: in memory, then in a private file."""

from __future__ import annotations

import tempfile
from collections import deque
from typing import IO

import anyio
from anyio import to_thread

from kauneonga_async import config
from kauneonga_async.errors import KauneongaError

__all__ = ["Spool", "SpoolBudget"]


class SpoolBudget:
    """The bytes that all windows of a stream may keep in files, between them."""

    def __init__(self) -> None:
        self.used = 0
        self._freed = anyio.Event()

    def take(self, count: int) -> None:
        """Count bytes that are being kept."""
        self.used += count

    def give_back(self, count: int) -> None:
        """Count bytes that are kept no longer, and wake who waits for room."""
        self.used -= count
        self._freed.set()
        self._freed = anyio.Event()

    async def wait(self) -> None:
        """Wait until there may be more room."""
        await self._freed.wait()


class Spool:
    """A queue of bytes between one writer and one reader.

    Its file has no name, is its owner's alone, and is touched in threads only. Where the disk has no room, what
    fits into memory must do.
    """

    def __init__(self, budget: SpoolBudget) -> None:
        self._budget = budget
        self._memory: deque[bytes] = deque()
        self._in_memory = 0
        self._file: IO[bytes] | None = None
        self._file_lock = anyio.Lock()
        self._disk_failed = False
        self._written = 0
        self._read = 0
        self._ended = False
        self._error: KauneongaError | None = None
        self._changed = anyio.Event()

    @property
    def is_full(self) -> bool:
        """Whether a write would have to wait."""
        if self._fits_memory:
            return False
        return self._disk_failed or self._budget.used >= config.SPOOL_BYTES

    @property
    def _fits_memory(self) -> bool:
        # Memory is read before the file, so it takes nothing while the file holds something.
        return self._in_memory < config.SPOOL_MEMORY and self._read == self._written

    async def write(self, data: bytes) -> None:
        """Keep bytes, waiting while there is no room for them."""
        while True:
            while self.is_full:
                await self._budget.wait()
            if self._fits_memory:
                self._memory.append(data)
                self._in_memory += len(data)
                break
            if await self._write_to_file(data):
                break
        self._notify()

    def end(self, error: KauneongaError | None = None) -> None:
        """Tell that no more comes, and why, if it is not the end of the body."""
        self._ended = True
        self._error = error
        self._notify()

    async def read(self) -> bytes:
        """Return the next bytes, empty at the end.

        Raises:
            KauneongaError: What the writer ended with.
        """
        while True:
            if self._memory:
                data = self._memory.popleft()
                self._in_memory -= len(data)
                self._budget.give_back(0)
                return data
            if self._file is not None and self._read < self._written:
                async with self._file_lock:
                    data = await to_thread.run_sync(_read_at, self._file, self._read)
                self._read += len(data)
                self._budget.give_back(len(data))
                return data
            if self._ended:
                if self._error is not None:
                    raise self._error
                return b""
            await self._changed.wait()

    async def aclose(self) -> None:
        """Let everything go."""
        self._memory.clear()
        self._budget.give_back(self._written - self._read)
        self._read = self._written
        if self._file is not None:
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(self._file.close)

    async def _write_to_file(self, data: bytes) -> bool:
        if self._read == self._written:
            self._read = self._written = 0
        try:
            if self._file is None:
                self._file = await to_thread.run_sync(_temporary_file)
            async with self._file_lock:
                await to_thread.run_sync(_write_at, self._file, self._written, data)
        except OSError:
            self._disk_failed = True
            return False
        self._written += len(data)
        self._budget.take(len(data))
        return True

    def _notify(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()


def _temporary_file() -> IO[bytes]:
    return tempfile.TemporaryFile(prefix="kauneonga-")


def _write_at(file: IO[bytes], position: int, data: bytes) -> None:
    file.seek(position)
    file.write(data)
    file.flush()


def _read_at(file: IO[bytes], position: int) -> bytes:
    file.seek(position)
    return file.read(config.SLICE_BYTES)
