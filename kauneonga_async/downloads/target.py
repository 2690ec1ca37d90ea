"""Target: the file that a download becomes: what is there of it, what is added to it, and how it appears, with others.

All of it blocks, and runs in threads, but for ``expect`` and ``hold``.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from kauneonga_async.downloads.sidecar import Origin, Sidecar
from kauneonga_async.errors import DestinationLocked
from kauneonga_async.files import AtomicFile, sync_folder

__all__ = ["Target", "land"]

_READ_AT_ONCE = 1024 * 1024  # bytes


class Target:
    """A file that is being downloaded.

    Args:
        path: The file.
        record_id: The recording's.
        url: Where it comes from, without its query.

    Attributes:
        path: The file.
        kept: Bytes in the part that may be gone on from.
        size: Bytes that were written, in the end all of the file's.
        modified: When the finished file was written to, in nanoseconds.
        error: What kept it from being finished with the others.
    """

    def __init__(self, path: Path, record_id: int, url: str) -> None:
        self.path = path
        self.kept: int = 0
        self.size: int = 0
        self.modified: int = 0
        self.error: OSError | DestinationLocked | None = None
        self._record_id = record_id
        self._url = url
        self._part = path.with_name(path.name + ".part")
        self._sidecar = Sidecar(self._part)
        self._origin: Origin | None = None
        self._expected: int | None = None
        self._held: list[bytes] = []
        self._file: AtomicFile | None = None  # the part, while it is written
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """The digest of what was written, in hexadecimal."""
        return self._digest.hexdigest()

    @property
    def validator(self) -> str | None:
        """What tells the version that a part is the beginning of, if it may be gone on from."""
        origin = self._sidecar.origin
        return origin.validator if self.kept and origin is not None else None

    def look(self) -> None:
        """Look for what an earlier process left."""
        self._sidecar.look()
        origin = self._sidecar.origin
        if origin is not None and (origin.record_id, origin.url) == (self._record_id, self._url):
            self.kept = self._sidecar.proven

    def expect(self, begin: int, size: int | None, validator: str | None) -> None:
        """Say what comes next.

        Args:
            begin: Where it belongs in the file: behind what is kept, or at the beginning.
            size: Of the whole, in bytes; None if nobody knows.
            validator: What tells this version of it, if anything does.
        """
        self.kept = self.size = begin
        self._expected = size
        self._origin = Origin(self._record_id, self._url, validator) if validator else None
        self._held = []

    def hold(self, pieces: list[bytes]) -> None:
        """Take the last pieces, which are written when the file lands."""
        self._held = pieces

    def append_held(self) -> None:
        """Write what is held to the part: more is to come behind it."""
        held, self._held = self._held, []
        self.append(held)

    def append(self, pieces: Sequence[bytes]) -> None:
        """Write pieces to the part."""
        self._write(pieces)
        for piece in pieces:
            self._sidecar.note(piece)
            self.kept += len(piece)

    def keep(self) -> None:
        """Make sure that what was appended can be gone on from by another process."""
        self._sidecar.keep()

    def has_digest(self, name: str, expected: bytes) -> bool:
        """Tell whether what came has a digest; what is held is written first."""
        self._write_held()
        if name == "sha256":
            return self._digest.digest() == expected
        with self._part.open("rb") as file:
            return hashlib.file_digest(file, name).digest() == expected

    def complete(self) -> None:
        """Write what is held, and begin to flush all of it."""
        self._write_held()
        # First: once the file is there nobody comes back for it.
        self._sidecar.forget()
        assert self._file is not None
        self._file.begin_flush()

    def flush(self) -> None:
        """Flush what was completed to the disk."""
        assert self._file is not None
        self.modified = self._file.flush().st_mtime_ns

    def appear(self) -> None:
        """Let what was flushed appear."""
        assert self._file is not None
        self._file.appear()
        self._file = None

    def forget(self) -> None:
        """Let nobody go on from what is kept; what somebody else is writing to by now stays theirs."""
        if self.kept and self._file is None:
            with contextlib.suppress(DestinationLocked):
                self._file = AtomicFile(self.path, part=self._part)
        self.kept = 0
        self.leave()

    def leave(self) -> None:
        """Leave off: keep what can be resumed, and nothing else."""
        self._held = []
        file, self._file = self._file, None
        if file is None:
            return
        try:
            if self._sidecar.origin is None or not self.kept:
                self.kept = 0
                self._sidecar.forget()
                file.discard()
            else:
                self._sidecar.keep()
        finally:
            file.close()

    def _open(self) -> AtomicFile:
        free = shutil.disk_usage(self.path.parent).free
        if self._expected is not None and self._expected - self.kept > free:
            missing = self._expected - self.kept
            raise OSError(errno.ENOSPC, f"{self.path.name} needs {missing:,} bytes, and {free:,} are free")
        file = AtomicFile(self.path, part=self._part, keep=self.kept)
        if self.kept and not self._is_still_proven():
            file.close()
            raise DestinationLocked(f"{self._part.name}: somebody else has begun it anew meanwhile")
        self._file = file
        self._digest = hashlib.sha256()
        if self.kept:
            with self._part.open("rb") as part:
                while data := part.read(_READ_AT_ONCE):
                    self._digest.update(data)
        else:
            self._sidecar.begin(self._origin)
        return file

    def _is_still_proven(self) -> bool:
        # It was not locked when it was looked for, nor between two tries.
        now = Sidecar(self._part)
        now.look()
        return now.origin == self._sidecar.origin and now.proven >= self.kept

    def _write(self, pieces: Sequence[bytes]) -> None:
        file = self._file or self._open()
        for piece in pieces:
            file.write(piece)
            self._digest.update(piece)
            self.size += len(piece)

    def _write_held(self) -> None:
        held, self._held = self._held, []
        self._write(held)


def land(targets: Sequence[Target]) -> None:
    """Write what is held of files, flush all of them, and let them appear; one that cannot be has its error.

    Together they cost less than half of what each costs alone: the disk has the first when the last is written, and
    the folder is flushed once.
    """
    for step in (Target.complete, Target.flush, Target.appear):
        for target in targets:
            if target.error is None:
                _try(step, target)
    for folder in {target.path.parent for target in targets if target.error is None}:
        sync_folder(folder)


def _try(step: Callable[[Target], None], target: Target) -> None:
    try:
        step(target)
    except (OSError, DestinationLocked) as error:
        target.error = error
        target.leave()
