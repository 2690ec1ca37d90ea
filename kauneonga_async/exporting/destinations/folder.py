"""Folder: a destination on the local disk."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from kauneonga_async.errors import DestinationLocked
from kauneonga_async.exporting.destinations.destination import Destination, PartFile, Stamp
from kauneonga_async.files import OWNER_ONLY, AtomicFile, lock_file, make_folder, sync_folder

__all__ = ["Folder"]

_ASIDE = ".part"


class Folder(Destination):
    """A folder.

    Args:
        path: Where it is.
        kind: What it holds; two kinds of export can share a folder.
    """

    def __init__(self, path: Path, kind: str) -> None:
        self.path = path
        self._kind = kind
        self._lock = -1
        self._journals: dict[str, _AppendedFile] = {}
        self._appending = Lock()

    def lock(self) -> None:
        """Keep every other process out."""
        make_folder(self.path)
        name = self.path / f"_{self._kind}.lock"
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), OWNER_ONLY)
        try:
            lock_file(descriptor, str(self.path))
        except DestinationLocked:
            os.close(descriptor)
            raise DestinationLocked(
                f"destination: another process exports {self._kind} to {self.path}; wait until that is done, or choose "
                "another"
            ) from None
        self._lock = descriptor

    def unlock(self) -> None:
        """Let others in."""
        for journal in self._journals.values():
            journal.close()
        self._journals.clear()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def stamps(self) -> dict[str, Stamp]:
        """Return every file in it, by name."""
        stamps: dict[str, Stamp] = {}
        with os.scandir(self.path) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    stamps[entry.name] = _stamp(entry.stat(follow_symlinks=False))
        return stamps

    def create(self, name: str) -> PartFile:
        """Begin a file."""
        return _FolderPart(self.path / name)

    def stage(self, name: str) -> PartFile:
        """Begin a file for whoever has the lock."""
        return _StagedFile(self.path, name)

    def adopt(self, name: str, mark: str) -> str:
        """Let a file that was staged appear."""
        path = self.path / name
        path.with_name(_staged_name(name, mark)).replace(path)
        sync_folder(self.path)
        return _stamp(path.stat(follow_symlinks=False)).mark

    def open(self, name: str) -> BinaryIO:
        """Open a file to read."""
        return (self.path / name).open("rb")

    def remove(self, names: Iterable[str]) -> None:
        """Remove files."""
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                (self.path / name).unlink()
        sync_folder(self.path)

    def clean(self) -> None:
        """Remove files that were being written when a process ended."""
        for path in self.path.glob(f"_{self._kind}*{_ASIDE}"):
            path.unlink(missing_ok=True)

    def read_lines(self, name: str) -> list[bytes]:
        """Return a journal's lines."""
        try:
            # What follows the last line break was torn off by a crash.
            return (self.path / name).read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []

    def replace_lines(self, name: str, lines: Sequence[bytes]) -> None:
        """Put all of a journal's lines in place of what was there."""
        if name in self._journals:
            self._journals.pop(name).close()
        with AtomicFile(self.path / name) as file:
            file.write(b"".join(line + b"\n" for line in lines))
            file.commit()

    def append_lines(self, name: str, lines: Sequence[bytes]) -> None:
        """Add lines to a journal."""
        with self._appending:
            if name not in self._journals:
                self._journals[name] = _AppendedFile(self.path / name)
            self._journals[name].append(b"".join(line + b"\n" for line in lines))

    def __str__(self) -> str:
        return str(self.path)


class _FolderPart(PartFile):
    """A file that is written beside its place, where readers of the folder do not look."""

    def __init__(self, path: Path) -> None:
        self._file = AtomicFile(path, part=path.with_name(f"_{path.name}{_ASIDE}"))

    def write(self, data: bytes | memoryview) -> None:
        self._file.write(data)

    def commit(self) -> Stamp:
        return _stamp(self._file.commit().stat(follow_symlinks=False))

    def discard(self) -> None:
        self._file.discard()


class _StagedFile(PartFile):
    """A file under a name of its own, whoever else writes the same part, where readers do not look."""

    def __init__(self, folder: Path, name: str) -> None:
        self._mark = secrets.token_hex(8)
        path = folder / _staged_name(name, self._mark)
        self._file = AtomicFile(path, part=path)  # another gives it its name

    def write(self, data: bytes | memoryview) -> None:
        self._file.write(data)

    def commit(self) -> Stamp:
        return Stamp(self._file.commit().stat(follow_symlinks=False).st_size, self._mark)

    def discard(self) -> None:
        self._file.discard()


class _AppendedFile:
    """A file of lines that grows at its end."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(
            path,
            os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0),
            OWNER_ONLY,
        )
        size = os.fstat(self._descriptor).st_size
        # What follows the last line break was torn off by a crash.
        self._size = os.read(self._descriptor, size).rfind(b"\n") + 1
        os.ftruncate(self._descriptor, self._size)

    def append(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
            os.fsync(self._descriptor)
        except OSError:
            # What comes next must not stand in one line with half of this.
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(data)

    def close(self) -> None:
        os.close(self._descriptor)


def _staged_name(name: str, mark: str) -> str:
    return f"_{name}.{mark}{_ASIDE}"


def _stamp(stat: os.stat_result) -> Stamp:
    return Stamp(stat.st_size, str(stat.st_mtime_ns))
