"""Sidecar: what a part is the beginning of, with checksums of its pieces: what a crash tore is not gone on from.

Beside ``36.mp3.part`` stands ``36.mp3.part.json``: a line of JSON, and a line of checksum and size for each piece that
was written to the part. Neither is flushed to the disk: as much of the part counts as its checksums bear out.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from zlib import crc32

import msgspec

from kauneonga_async.decoding import UNREADABLE
from kauneonga_async.files import OWNER_ONLY

__all__ = ["SIDECAR_ENDING", "Origin", "Sidecar"]

SIDECAR_ENDING = ".part.json"
"""What follows the name of the file that a sidecar says was begun."""

_PIECE = re.compile(rb"([0-9a-f]{8}) ([1-9][0-9]{0,17})\n")


class Origin(msgspec.Struct, frozen=True):
    """What a part is the beginning of.

    Attributes:
        record_id: The recording's, which may be told from others by the URL's query alone.
        url: The URL without its query, which may be a signature.
        validator: A strong ETag, or a Last-Modified.
    """

    record_id: int
    url: str
    validator: str


class Sidecar:
    """The file beside a part. Blocking: to be called in threads.

    Args:
        part: The part.

    Attributes:
        origin: What the part is the beginning of; None if that cannot be told.
        proven: Bytes of the part that are as they were written, when the file was looked for.
    """

    def __init__(self, part: Path) -> None:
        self.origin: Origin | None = None
        self.proven: int = 0
        self._part = part
        self._path = part.with_name(part.name + ".json")
        self._is_there = False
        self._size = 0  # bytes of the file that hold good
        self._unwritten = b""

    def look(self) -> None:
        """Look for what an earlier process left."""
        try:
            head, *pieces = self._path.read_bytes().splitlines(keepends=True) or [b""]  # a kill may leave it empty
        except OSError:
            return
        self._is_there = True
        with contextlib.suppress(*UNREADABLE):
            self.origin = msgspec.json.decode(head, type=Origin)
            self._size = len(head)
            with contextlib.suppress(OSError):
                self._prove(pieces)

    def begin(self, origin: Origin | None) -> None:
        """Say what the part, which is empty, becomes the beginning of."""
        self.forget()
        self._size = 0
        self.origin = origin
        self._unwritten = msgspec.json.encode(origin) + b"\n" if origin is not None else b""

    def note(self, data: bytes) -> None:
        """Take account of a piece that was written to the part."""
        if data and self.origin is not None:
            self._unwritten += b"%08x %d\n" % (crc32(data), len(data))

    def keep(self) -> None:
        """Write what was noted."""
        if not self._unwritten:
            return
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(self._path, flags, OWNER_ONLY)
        self._is_there = True
        try:
            if hasattr(os, "fchmod"):
                os.fchmod(descriptor, OWNER_ONLY)  # it may have been there
            os.ftruncate(descriptor, self._size)
            os.lseek(descriptor, self._size, os.SEEK_SET)
            view = memoryview(self._unwritten)
            while view:
                view = view[os.write(descriptor, view) :]
        finally:
            os.close(descriptor)
        self._size += len(self._unwritten)
        self._unwritten = b""

    def forget(self) -> None:
        """Remove the file: the part is the beginning of nothing any more."""
        self.origin = None
        self._unwritten = b""
        if self._is_there:
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()
            self._is_there = False

    def _prove(self, pieces: Iterable[bytes]) -> None:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(self._part, flags), "rb") as part:
            left = os.fstat(part.fileno()).st_size
            for piece in pieces:
                match = _PIECE.fullmatch(piece)
                # No more is read than there is, whatever a line says.
                if match is None or int(match[2]) > left or crc32(part.read(int(match[2]))) != int(match[1], 16):
                    return
                left -= int(match[2])
                self.proven += int(match[2])
                self._size += len(piece)
