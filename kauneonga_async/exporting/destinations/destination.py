"""Destination: what an export asks of the place it writes to, be it a folder or an object store.

Everything here blocks, and is called in worker threads, several at once; never on the event loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import BinaryIO, Protocol

import msgspec

__all__ = ["Destination", "PartFile", "Stamp"]


class Stamp(msgspec.Struct, frozen=True):
    """What tells that a file is still the one that was written: cheap to look up for all files at once.

    Attributes:
        size: Bytes.
        mark: A folder's files: their mtime in ns; an object store's: the ETag.
    """

    size: int
    mark: str


class PartFile(Protocol):
    """A file of a destination that is being written; it becomes visible whole, or never."""

    def write(self, data: bytes | memoryview) -> None:
        """Write all of the bytes."""

    def commit(self) -> Stamp:
        """Make it durable and visible under its name, in the place of what was there.

        After that only ``discard`` is called, which then does nothing.
        """
        ...

    def discard(self) -> None:
        """Leave nothing behind."""


class Destination(Protocol):
    """Where an export goes. Whatever is in it besides its parts has a name that begins with ``_`` or ``.``."""

    def lock(self) -> None:
        """Have it alone; a folder is made if it is not there.

        Raises:
            DestinationLocked: Another process has it.
        """

    def unlock(self) -> None:
        """Let others have it."""

    def stamps(self) -> dict[str, Stamp]:
        """Return every file directly in it, by name, in one listing."""
        ...

    def create(self, name: str) -> PartFile:
        """Begin a file."""
        ...

    def stage(self, name: str) -> PartFile:
        """Begin a file for whoever has the lock: ``commit`` makes it durable, and its stamp's mark is for ``adopt``.

        It needs no lock, and harms nobody: what is never adopted is removed by ``clean``.
        """
        ...

    def adopt(self, name: str, mark: str) -> str:
        """Let a file that was staged, anywhere, appear under its name; return the mark of its stamp."""
        ...

    def open(self, name: str) -> BinaryIO:
        """Open a file to read it."""
        ...

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; those that are not there are passed over."""

    def clean(self) -> None:
        """Remove what a crash left behind; only called while it is locked."""

    def read_lines(self, name: str) -> list[bytes]:
        """Return a journal's lines without their ends, whole ones only; none if there is no such journal."""
        ...

    def replace_lines(self, name: str, lines: Sequence[bytes]) -> None:
        """Put these in the place of all of a journal's lines: atomically, durably."""

    def append_lines(self, name: str, lines: Sequence[bytes]) -> None:
        """Add lines to a journal, durably; a crash leaves all of them or a beginning of them, and no torn one."""

    def __str__(self) -> str:
        """Return what messages call it; without credentials."""
        ...
