"""Spool: bytes kept aside for a consumer that is not ready for them: in memory, then in a private file."""

from __future__ import annotations

import tempfile
from collections import deque
from functools import partial
from typing import IO

import anyio

from kauneonga_async import config
from kauneonga_async.errors import KauneongaError
from kauneonga_async.threads import carry_out

__all__ = ["Spool", "SpoolBudget"]


class SpoolBudget:
    """The bytes that the files of all windows of a stream may take, between them."""

    def __init__(self) -> None:
        self.used: int = 0
        self._freed = anyio.Event()

    def take(self, count: int) -> None:
        """Count bytes that a file takes."""
        self.used += count

    def give_back(self, count: int) -> None:
        """Count bytes that no file takes any longer, and wake who waits for room."""
        self.used -= count
        self._freed.set()
        self._freed = anyio.Event()

    async def wait(self) -> None:
        """Wait until there may be more room."""
        await self._freed.wait()


class Spool:
    """A queue of bytes between one writer and one reader.

    Its file has no name, is its owner's alone, and is touched in threads only. It consists of blocks, which are used
    again once they are read: it takes no more than was kept at one time, and is let go when it is drained. Where the
    disk has no room, what fits into memory must do.
    """

    def __init__(self, budget: SpoolBudget) -> None:
        self._budget = budget
        self._memory: deque[bytes] = deque()
        self._in_memory = 0
        self._file: IO[bytes] | None = None
        self._file_lock = anyio.Lock()
        self._disk_failed = False
        self._block = config.SLICE_BYTES
        self._blocks: deque[int] = deque()  # that hold bytes, from the one being read to the one being written
        self._free: list[int] = []
        self._size = 0  # of the file, as it is counted: all of its blocks
        self._read = 0  # both from the beginning of the first block
        self._written = 0
        self._ended = False
        self._error: KauneongaError | None = None
        self._changed = anyio.Event()

    @property
    def is_full(self) -> bool:
        """Whether a write would have to wait."""
        if self._fits_memory:
            return False
        return self._disk_failed or (not self._free and self._budget.used >= config.SPOOL_BYTES)

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
                return await self._read_from_file(self._file)
            if self._ended:
                if self._error is not None:
                    raise self._error
                return b""
            await self._changed.wait()

    async def aclose(self) -> None:
        """Let everything go."""
        self._memory.clear()
        if self._file is not None:
            await self._let_go(self._file)

    async def _write_to_file(self, data: bytes) -> bool:
        async with self._file_lock:
            try:
                file = await carry_out(self._open) if self._file is None else self._file
                await carry_out(partial(_write_at, file, self._place(data)))
            except OSError:
                self._disk_failed = True
                return False
            self._written += len(data)
        return True

    def _open(self) -> IO[bytes]:
        # Kept in the thread: who is cancelled while he waits for it is not handed it.
        self._file = _temporary_file()
        return self._file

    def _place(self, data: bytes) -> list[tuple[int, memoryview]]:
        """Return the pieces of what is to be written next, each with its position in the file."""
        pieces = []
        rest, offset = memoryview(data), self._written
        while rest:
            index, within = divmod(offset, self._block)
            if index == len(self._blocks):
                self._blocks.append(self._free.pop() if self._free else self._add_block())
            piece = rest[: self._block - within]
            pieces.append((self._blocks[index] * self._block + within, piece))
            rest = rest[len(piece) :]
            offset += len(piece)
        return pieces

    def _add_block(self) -> int:
        block = self._size // self._block
        self._size += self._block
        self._budget.take(self._block)
        return block

    async def _read_from_file(self, file: IO[bytes]) -> bytes:
        async with self._file_lock:
            # Not beyond what was written: there stands what an earlier use of the block has left.
            count = min(self._block, self._written) - self._read
            data = await carry_out(partial(_read_at, file, self._blocks[0] * self._block + self._read, count))
            self._read += len(data)
            if self._read == self._written:
                await self._let_go(file)
            elif self._read == self._block:
                self._free.append(self._blocks.popleft())
                self._read = 0
                self._written -= self._block
        self._budget.give_back(0)
        return data

    async def _let_go(self, file: IO[bytes]) -> None:
        self._file = None
        self._blocks.clear()
        self._free.clear()
        self._read = self._written = 0
        freed, self._size = self._size, 0
        try:
            await carry_out(file.close)
        finally:
            self._budget.give_back(freed)

    def _notify(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()


def _temporary_file() -> IO[bytes]:
    # Without a buffer: what a full disk did not take would stay in it, and fail the next read.
    return tempfile.TemporaryFile(prefix="kauneonga-", buffering=0)


def _write_at(file: IO[bytes], pieces: list[tuple[int, memoryview]]) -> None:
    for position, piece in pieces:
        file.seek(position)
        written = 0
        while written < len(piece):
            written += file.write(piece[written:])


def _read_at(file: IO[bytes], position: int, count: int) -> bytes:
    file.seek(position)
    return file.read(count)
