"""Disk: what is found after a crash, by what a disk may do with operations that were not flushed. Pure but for Image.

``killed``: the process ended, and the system did not: all that was done is there.

``journaled``: the power failed on a file system with an ordered journal, such as ext4: entries of folders are there up
to some operation, at least up to the last flush of anything; bytes are there as far as they were flushed.

``posix``: the power failed on a file system that promises no more than POSIX: of the entries that were not flushed with
their own folder, any may be there, whatever their order.

Bytes that were not flushed may be there, or not, or up to any byte, or with sectors of zeros, in either of the latter.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple, get_args

import msgspec

from tests.crashes.operations import (
    Change,
    Create,
    Make,
    Naming,
    Operation,
    Remove,
    Rename,
    Sync,
    SyncFolder,
    Truncate,
    Write,
)

__all__ = ["CRASHES", "Content", "Crash", "Image", "crash"]

Crash = Literal["killed", "journaled", "posix"]
CRASHES: tuple[Crash, ...] = get_args(Crash)

_SECTOR = 512  # bytes


class Content(NamedTuple):
    """A file's bytes, and when they were changed, in nanoseconds."""

    data: bytes = b""
    modified: int = 0


class Image(msgspec.Struct, frozen=True):
    """What a folder holds, by paths within it."""

    files: dict[str, Content] = {}
    folders: tuple[str, ...] = ()

    @classmethod
    def of(cls, root: Path) -> Image:
        """Read a folder."""
        files: dict[str, Content] = {}
        folders: list[str] = []
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_dir():
                folders.append(name)
            else:
                files[name] = Content(path.read_bytes(), path.stat().st_mtime_ns)
        return cls(files, tuple(folders))

    def write(self, root: Path) -> None:
        """Lay it out in an empty folder."""
        for folder in self.folders:
            (root / folder).mkdir()
        for name, content in self.files.items():
            descriptor = os.open(root / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content.data)
            os.utime(root / name, ns=(content.modified, content.modified))


def crash(before: Image, operations: Sequence[Operation], kind: Crash, chance: Random) -> Image:
    """Return what is there after a crash.

    Args:
        before: What was there, all of it flushed.
        operations: What was done until then.
        kind: How it ended.
        chance: Decides what a disk may decide.
    """
    safe: set[int] = set()  # indexes of changes to entries
    unsafe: list[int] = []  # those since their folder was flushed
    contents = dict(enumerate(before.files.values()))
    changes: defaultdict[int, list[Change]] = defaultdict(list)  # since their file was flushed
    for index, operation in enumerate(operations):
        match operation:
            case Write() | Truncate():
                changes[operation.file].append(operation)
            case Sync():
                contents[operation.file] = _applied(_content(contents, operation.file), changes.pop(operation.file, []))
                if kind == "journaled":
                    safe.update(unsafe)
            case SyncFolder():
                within = operation.path
                safe.update(i for i in unsafe if kind == "journaled" or _folder_of(operations[i]) == within)
            case _:
                unsafe.append(index)
        unsafe = [i for i in unsafe if i not in safe]
    if kind == "killed":
        safe.update(unsafe)
    elif kind == "journaled":
        safe.update(unsafe[: chance.randint(0, len(unsafe))])
    else:
        share = chance.choice((0.0, 0.5, 0.9))
        safe.update(i for i in unsafe if chance.random() < share)
    names, folders = _named(before, [operations[i] for i in sorted(safe)])
    for file, unflushed in changes.items():
        kept = _applied(_content(contents, file), unflushed)
        contents[file] = kept if kind == "killed" else _torn(_content(contents, file), unflushed, chance)
    files = {
        name: _content(contents, file)
        for name, file in sorted(names.items())
        if "/" not in name or name.rpartition("/")[0] in folders
    }
    return Image(files, tuple(folders))


def _content(contents: dict[int, Content], file: int) -> Content:
    return contents.get(file, Content())


def _folder_of(operation: Operation) -> str:
    assert isinstance(operation, Naming)
    return operation.path.rpartition("/")[0] or "."


def _named(before: Image, namings: Sequence[Operation]) -> tuple[dict[str, int], list[str]]:
    names = {path: number for number, path in enumerate(before.files)}
    folders = list(before.folders)
    for naming in namings:
        match naming:
            case Make():
                folders.append(naming.path)
            case Create():
                names[naming.path] = naming.file
            case Rename():
                if names.get(naming.path) == naming.file:
                    del names[naming.path]
                names[naming.target] = naming.file
            case Remove():
                names.pop(naming.path, None)
    return names, folders


def _applied(content: Content, changes: Sequence[Change]) -> Content:
    data, modified = bytearray(content.data), content.modified
    for change in changes:
        modified = change.modified
        if isinstance(change, Truncate):
            del data[change.size :]
            data.extend(bytes(change.size - len(data)))
        else:
            data.extend(bytes(max(0, change.offset - len(data))))
            data[change.offset : change.offset + len(change.data)] = change.data
    return Content(bytes(data), modified)


def _torn(content: Content, changes: Sequence[Change], chance: Random) -> Content:
    match chance.choice(("kept", "lost", "torn", "torn", "any", "zeros", "zeros")):
        case "kept":
            return _applied(content, changes)
        case "lost":
            return content
        case "torn":
            count = chance.randrange(len(changes))
            last = changes[count]
            if isinstance(last, Write):
                last = msgspec.structs.replace(last, data=last.data[: chance.randint(0, len(last.data))])
            return _applied(content, [*changes[:count], last])
        case "any":
            return _applied(content, [change for change in changes if chance.random() < 0.5])
        case _:
            whole = _applied(content, changes)
            return Content(_zeroed(whole.data, changes, chance), whole.modified)


def _zeroed(data: bytes, changes: Sequence[Change], chance: Random) -> bytes:
    """Put zeros in the place of some of what was written, by sectors."""
    torn = bytearray(data)
    for change in changes:
        if isinstance(change, Write):
            end = min(change.offset + len(change.data), len(torn))
            for sector in range(change.offset // _SECTOR, -(-end // _SECTOR)):
                first, last = max(change.offset, sector * _SECTOR), min(end, (sector + 1) * _SECTOR)
                if chance.random() < 0.5 and first < last:
                    torn[first:last] = bytes(last - first)
    return bytes(torn)
