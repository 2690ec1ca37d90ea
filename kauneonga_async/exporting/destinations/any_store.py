"""AnyStore: what fsspec can write to besides S3, as well as that goes.

fsspec has no conditional writes for all: whether two processes that lock at the same moment can both succeed depends on
the store, and a lock does not expire. Run one export at a time into such a destination.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

from kauneonga_async.exporting.destinations.destination import Stamp
from kauneonga_async.exporting.destinations.store import Changed, Found

__all__ = ["AnyStore"]

_ASIDE = ".part"
MARKS = (
    "ETag",
    "etag",
    "md5Hash",
    "content_md5",
    "generation",
    "mtime",
    "last_modified",
    "modificationTime",
    "modified",
    "modify",
    "created",
)


class AnyStore:
    """The files under one path of an fsspec filesystem.

    Args:
        fs: The filesystem, without a cache of listings.
        path: The path, as the filesystem has it.
        url: What messages call it, without credentials.
    """

    is_conditional = False

    def __init__(self, fs: Any, path: str, url: str) -> None:
        self._fs = fs
        self._path = path.rstrip("/")
        self._url = url

    def __str__(self) -> str:
        return self._url

    def stamps(self, folder: str = "") -> dict[str, Stamp]:
        """Return the files directly in the path, or in a folder of it, by name."""
        try:
            entries = self._fs.ls(self._at(folder.rstrip("/")), detail=True)
        except FileNotFoundError:
            return {}
        return {entry["name"].rpartition("/")[2]: _stamp(entry) for entry in entries if entry["type"] == "file"}

    def get(self, name: str) -> Found | None:
        """Read a small file; its mark is of its bytes, for there are stores whose listings tell of no change."""
        try:
            data = self._fs.cat_file(self._at(name))
        except FileNotFoundError:
            return None
        return Found(data, _mark_of(data), None, None)

    def create(self, name: str, data: bytes) -> str:
        """Write a file where there is none, as far as the store can tell."""
        self._fs.makedirs(self._at(name).rpartition("/")[0], exist_ok=True)
        found = self.get(name)
        if found is None:
            try:
                self._fs.pipe_file(self._at(name), data, mode="create")
            except FileExistsError:
                raise Changed from None
            found = self.get(name)
        if found is None or found.data != data:
            raise Changed
        return found.mark

    def swap(self, name: str, data: bytes, mark: str) -> str:
        """Write a file in the place of the one with the mark; not atomically."""
        found = self.get(name)
        if found is None or found.mark != mark:
            raise Changed
        self._fs.pipe_file(self._at(name), data)
        return _mark_of(data)

    def drop(self, name: str, mark: str) -> None:
        """Remove a file."""
        found = self.get(name)
        if found is None or found.mark != mark:
            raise Changed
        self._fs.rm_file(self._at(name))

    def remove(self, names: Iterable[str]) -> None:
        """Remove files."""
        for name in names:
            try:
                self._fs.rm_file(self._at(name))
            except FileNotFoundError:
                continue

    def upload(self, name: str, check: Callable[[], None]) -> SentPart:
        """Begin a file."""
        return SentPart(self._fs, self._at(name), check)

    def stage(self, name: str) -> StagedPart:
        """Begin a file that another process lets appear."""
        mark = secrets.token_hex(8)
        return StagedPart(self._fs, self._at(_staged_name(name, mark)), mark)

    def adopt(self, name: str, mark: str) -> str:
        """Let a file that was staged appear."""
        staged = self._at(_staged_name(name, mark))
        self._fs.mv(staged, self._at(name))
        if self._fs.exists(staged):  # HDFS moves nothing over what is there, and fsspec does not tell
            self.remove([name])
            self._fs.mv(staged, self._at(name))
        return _stamp(_entry(self._fs, self._at(name))).mark

    def open(self, name: str) -> BinaryIO:
        """Open a file to read it."""
        return cast("BinaryIO", self._fs.open(self._at(name), "rb"))

    def clean(self) -> None:
        """Remove what was staged; what else is unfinished is on our own disk."""
        self.remove([name for name in self.stamps() if name.startswith("_") and name.endswith(_ASIDE)])

    def _at(self, name: str) -> str:
        return f"{self._path}/{name}" if name else self._path


class SentPart:
    """A file that is written to a private folder of our own disk, and sent whole."""

    def __init__(self, fs: Any, path: str, check: Callable[[], None]) -> None:
        self._fs = fs
        self._path = path
        self._check = check
        self._folder = Path(tempfile.mkdtemp(prefix="kauneonga-"))  # 0700
        self._file = (self._folder / "part").open("xb")

    def write(self, data: bytes | memoryview) -> None:
        """Write all of the bytes."""
        self._file.write(data)

    def commit(self) -> Stamp:
        """Send it."""
        size = self._file.tell()
        self._file.close()
        self._check()
        self._fs.put_file(str(self._folder / "part"), self._path)
        stamp = _stamp(_entry(self._fs, self._path))
        if stamp.size != size:
            self._fs.rm_file(self._path)  # it looks whole
            raise OSError(f"{self._path}: of {size} bytes that were sent {stamp.size} arrived")
        self.discard()
        return stamp

    def discard(self) -> None:
        """Remove what is on our own disk."""
        self._file.close()
        shutil.rmtree(self._folder, ignore_errors=True)


class StagedPart(SentPart):
    """A file that is sent whole to a name where readers do not look."""

    def __init__(self, fs: Any, path: str, mark: str) -> None:
        super().__init__(fs, path, _unchecked)
        self._mark = mark

    def commit(self) -> Stamp:
        """Send it."""
        return Stamp(super().commit().size, self._mark)


def _unchecked() -> None:
    """Whoever lets it appear looks whether the lock is his."""


def _staged_name(name: str, mark: str) -> str:
    return f"_{name}.{mark}{_ASIDE}"


def _entry(fs: Any, path: str) -> Mapping[str, Any]:
    # info() may tell the same in another form than a listing does.
    return cast("Mapping[str, Any]", fs.ls(path, detail=True)[0])


def _mark_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _stamp(entry: Mapping[str, Any]) -> Stamp:
    mark = next((str(entry[name]) for name in MARKS if entry.get(name)), "")
    return Stamp(int(entry["size"]), mark.strip('"'))
