"""AtomicFile: written aside, flushed to the disk, renamed; its owner's alone. Blocking: to be called in a thread."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from kauneonga_async.errors import DestinationLocked

__all__ = ["OWNER_ONLY", "AtomicFile", "lock_file", "make_folder", "sync_folder"]

OWNER_ONLY = 0o600

_NAMES_ARE_HELD = os.name == "nt"  # there a file that is open can be neither renamed nor removed, and is not locked


class AtomicFile:
    """A file that appears whole or not at all.

    What is written stands in ``part`` until ``commit``; a crash leaves that behind, never a file that looks whole.
    The part is locked until it has got its name, or is gone: nobody else takes it in between.

    Args:
        path: Where it appears.
        part: Where it is written, on the same file system; by default beside it, with ``.part`` at the end.
        keep: Bytes of an earlier part to go on from; the rest of it is cut off.

    Raises:
        OSError: The part cannot be opened; where it is a symbolic link, it is not followed.
        DestinationLocked: Somebody else is writing to it, or was, so that it is gone, or there is less of it than is to
            be kept.
    """

    def __init__(self, path: Path, *, part: Path | None = None, keep: int = 0) -> None:
        self.path = path
        self.part: Path = part or path.with_name(path.name + ".part")
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        is_new = not keep
        try:
            # What was not there needs nothing to be undone: each call costs a hundredth of a small download.
            self._descriptor = os.open(self.part, flags | (os.O_EXCL if is_new else 0), OWNER_ONLY)
        except FileExistsError:
            is_new = False
            self._descriptor = os.open(self.part, flags, OWNER_ONLY)
        try:
            lock_file(self._descriptor, self.part.name)
            if not _NAMES_ARE_HELD:
                self._make_sure_that_it_is_there()
            if not is_new:
                self._go_on_after(keep)
        except BaseException:
            os.close(self._descriptor)
            raise

    def _make_sure_that_it_is_there(self) -> None:
        # Whoever had the lock may have renamed or removed what was opened here before it was locked.
        try:
            is_there = os.path.samestat(os.fstat(self._descriptor), os.lstat(self.part))
        except FileNotFoundError:
            is_there = False
        if not is_there:
            raise self._taken()

    def _go_on_after(self, keep: int) -> None:
        if os.fstat(self._descriptor).st_size < keep:
            # It would be filled up with zeros.
            raise self._taken()
        os.ftruncate(self._descriptor, keep)
        os.lseek(self._descriptor, keep, os.SEEK_SET)
        if hasattr(os, "fchmod"):
            os.fchmod(self._descriptor, OWNER_ONLY)

    def _taken(self) -> DestinationLocked:
        return DestinationLocked(f"{self.part.name}: somebody else has taken or begun it anew meanwhile")

    def write(self, data: bytes | memoryview) -> None:
        """Write all of the bytes."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]

    @property
    def is_open(self) -> bool:
        """Whether it is still being written."""
        return self._descriptor >= 0

    def commit(self) -> Path:
        """Flush to the disk, and let the file appear under its name."""
        self.flush()
        self.appear()
        sync_folder(self.path.parent)
        return self.path

    def begin_flush(self) -> None:
        """Let the system begin to flush what was written, without waiting for it: of many files, all at once."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._descriptor, 0, 0, os.POSIX_FADV_DONTNEED)  # which does so first (mm/fadvise.c)

    def flush(self) -> os.stat_result:
        """Flush what was written to the disk, or throw it away; return what the system says of the file."""
        try:
            os.fsync(self._descriptor)
            return os.fstat(self._descriptor)
        except BaseException:
            self.discard()
            raise

    def appear(self) -> None:
        """Give a file that was flushed its name, which is kept for good once its folder is flushed too."""
        if _NAMES_ARE_HELD:
            self.close()
        os.replace(self.part, self.path)  # noqa: PTH105 - pathlib's makes a path anew, for each of many files
        self.close()

    def close(self) -> None:
        """Leave off, keeping the part, if it was not committed."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> AtomicFile:
        return self

    def __exit__(self, *error: object) -> None:
        self.discard()

    def discard(self) -> None:
        """Leave off, and remove the part; after it was left off otherwise, it may be somebody else's."""
        if not self.is_open:
            return
        if _NAMES_ARE_HELD:
            self.close()
        try:
            with contextlib.suppress(FileNotFoundError):
                self.part.unlink()
        finally:
            self.close()


def lock_file(descriptor: int, name: str) -> None:
    """Lock an open file, as long as it stays open.

    Raises:
        DestinationLocked: Somebody else has locked it.
    """
    try:
        import fcntl  # noqa: PLC0415 - not on Windows, where a file that is open cannot be replaced anyway
    except ImportError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DestinationLocked(f"{name}: somebody else is writing to it") from None


def make_folder(folder: Path) -> None:
    """Make a folder, and those it is in, where they are not there; what is flushed within it cannot go with it."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in missing:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk, where the system can."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
