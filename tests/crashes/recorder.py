"""Recorder: notes what a program does to the files of a folder, in the order in which it is done."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from threading import RLock
from typing import Any
from unittest import mock

from tests.crashes.disk import Image
from tests.crashes.operations import (
    Create,
    Make,
    Operation,
    Remove,
    Rename,
    Sync,
    SyncFolder,
    Truncate,
    Write,
)

__all__ = ["Recorder"]

_WATCHED = ("open", "write", "ftruncate", "fsync", "close", "replace", "unlink", "mkdir")


class Recorder:
    """While its block lasts, the functions of ``os`` that change files tell it what they do below a folder.

    Args:
        root: The folder.
        image: What it holds at the beginning.

    Attributes:
        operations: What was done.
        exposed: Files that others than their owner could open, at whatever moment.
    """

    def __init__(self, root: Path, image: Image) -> None:
        self.operations: list[Operation] = []
        self.exposed: set[str] = set()
        self._root = os.fspath(root)
        self._files = {path: number for number, path in enumerate(image.files)}
        self._next = len(self._files)
        self._open: dict[int, int | str] = {}  # by descriptor: a file's number, or a folder's path
        # One at a time: what is noted first was done first.
        self._mutex = RLock()
        self._real: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in _WATCHED}
        self._patches = ExitStack()

    def __enter__(self) -> Recorder:
        for name in _WATCHED:
            self._patches.enter_context(mock.patch.object(os, name, getattr(self, f"_{name}_file")))
        return self

    def __exit__(self, *error: object) -> None:
        self._patches.close()

    def _within(self, path: Any) -> str | None:
        text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else ""
        return os.path.relpath(text, self._root) if text.startswith(self._root) else None

    def _open_file(self, path: Any, flags: int, mode: int = 0o777, **options: Any) -> int:
        with self._mutex:
            descriptor: int = self._real["open"](path, flags, mode, **options)
            name = self._within(path)
            if name is None:
                return descriptor
            if os.path.isdir(path):  # noqa: PTH112 - whatever the path is given as
                self._open[descriptor] = name
            else:
                if name not in self._files:
                    self._files[name] = self._next
                    self._next += 1
                    self.operations.append(Create(name, self._files[name]))
                self._open[descriptor] = self._files[name]
                if os.fstat(descriptor).st_mode & 0o077:
                    self.exposed.add(name)
            return descriptor

    def _write_file(self, descriptor: int, data: Any) -> int:
        with self._mutex:
            count: int = self._real["write"](descriptor, data)
            file = self._open.get(descriptor)
            if isinstance(file, int):
                end = os.lseek(descriptor, 0, os.SEEK_CUR)
                written = bytes(memoryview(data)[:count])
                self.operations.append(Write(file, end - count, written, os.fstat(descriptor).st_mtime_ns))
            return count

    def _ftruncate_file(self, descriptor: int, size: int) -> None:
        with self._mutex:
            before = os.fstat(descriptor).st_size
            self._real["ftruncate"](descriptor, size)
            file = self._open.get(descriptor)
            if isinstance(file, int) and size != before:
                self.operations.append(Truncate(file, size, os.fstat(descriptor).st_mtime_ns))

    def _fsync_file(self, descriptor: int) -> None:
        with self._mutex:
            self._real["fsync"](descriptor)
            opened = self._open.get(descriptor)
            if isinstance(opened, int):
                self.operations.append(Sync(opened))
            elif opened is not None:
                self.operations.append(SyncFolder(opened))

    def _close_file(self, descriptor: int) -> None:
        with self._mutex:
            self._open.pop(descriptor, None)
            self._real["close"](descriptor)

    def _replace_file(self, source: Any, target: Any) -> None:
        with self._mutex:
            self._real["replace"](source, target)
            name, new = self._within(source), self._within(target)
            if name is not None and new is not None:
                self._files[new] = self._files.pop(name)
                self.operations.append(Rename(name, new, self._files[new]))

    def _unlink_file(self, path: Any, **options: Any) -> None:
        with self._mutex:
            self._real["unlink"](path, **options)
            name = self._within(path)
            if name is not None:
                del self._files[name]
                self.operations.append(Remove(name))

    def _mkdir_file(self, path: Any, mode: int = 0o777, **options: Any) -> None:
        with self._mutex:
            self._real["mkdir"](path, mode, **options)
            name = self._within(path)
            if name is not None:
                self.operations.append(Make(name))
