"""Operations: what a program does to a disk, one by one; paths are within the folder that is watched."""

from __future__ import annotations

import msgspec

__all__ = [
    "Change",
    "Create",
    "Make",
    "Naming",
    "Operation",
    "Remove",
    "Rename",
    "Sync",
    "SyncFolder",
    "Truncate",
    "Write",
]


class Make(msgspec.Struct, frozen=True):
    """A folder is made."""

    path: str


class Create(msgspec.Struct, frozen=True):
    """An empty file appears under a name."""

    path: str
    file: int


class Rename(msgspec.Struct, frozen=True):
    """A file gets another name, in the place of what had it."""

    path: str
    target: str
    file: int


class Remove(msgspec.Struct, frozen=True):
    """A name goes."""

    path: str


class Write(msgspec.Struct, frozen=True):
    """Bytes of a file are written."""

    file: int
    offset: int
    data: bytes
    modified: int = 0  # nanoseconds


class Truncate(msgspec.Struct, frozen=True):
    """A file gets another size."""

    file: int
    size: int
    modified: int = 0


class Sync(msgspec.Struct, frozen=True):
    """A file is flushed."""

    file: int


class SyncFolder(msgspec.Struct, frozen=True):
    """A folder's entries are flushed."""

    path: str


Naming = Make | Create | Rename | Remove
Change = Write | Truncate
Operation = Naming | Change | Sync | SyncFolder
