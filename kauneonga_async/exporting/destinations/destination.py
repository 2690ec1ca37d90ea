"""Destination: what an export needs of the place that its files go to. All of it blocks: to be called in threads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import BinaryIO, Protocol

import msgspec

__all__ = ["Destination", "PartFile", "Stamp"]


class Stamp(msgspec.Struct, frozen=True):
    """What tells that a file is still the one that was written: cheap to look up for all files at once.

    Attributes:
        size: Bytes.
        mark: Changes with each writing: the time of it in nanoseconds in a folder, the ETag in an object store.
    """

    size: int
    mark: str


class PartFile(Protocol):
    """A file of a destination that is being written; it becomes visible whole, or never."""

    def write(self, data: bytes | memoryview) -> None:
        """Write all of the bytes."""
        ...

    def commit(self) -> Stamp:
        """Make it durable and visible under its name, in place of what was there."""
        ...

    def discard(self) -> None:
        """Leave nothing behind; once committed, this does nothing."""
        ...


class Destination(Protocol):
    """A place for an export's files, and for the journal that tells of them."""

    def lock(self) -> None:
        """Keep every other process out until :meth:`unlock`; make the place if it is not there.

        Raises:
            DestinationLocked: Another process has it.
        """
        ...

    def unlock(self) -> None:
        """Let others in."""
        ...

    def stamps(self) -> dict[str, Stamp]:
        """Return every file directly in it, by name."""
        ...

    def create(self, name: str) -> PartFile:
        """Begin a file."""
        ...

    def open(self, name: str) -> BinaryIO:
        """Open a file to read."""
        ...

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; those that are not there are passed over."""
        ...

    def clean(self) -> None:
        """Remove what a crash left behind; only while it is locked."""
        ...

    def read_lines(self, name: str) -> list[bytes]:
        """Return a journal's lines, whole ones only; none if there is no journal."""
        ...

    def replace_lines(self, name: str, lines: Sequence[bytes]) -> None:
        """Put all of a journal's lines at once in place of what was there, durably."""
        ...

    def append_lines(self, name: str, lines: Sequence[bytes]) -> None:
        """Add lines to a journal, durably; a crash leaves them all, or the first of them."""
        ...

    def __str__(self) -> str:
        """Return what it is called in messages, without credentials."""
        ...
