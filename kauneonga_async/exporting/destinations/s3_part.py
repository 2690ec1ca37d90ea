"""S3Part: an object that is being sent to S3, in pieces that S3 joins in the end: here, or in another process."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from kauneonga_async.exporting.destinations.destination import Stamp

__all__ = ["CHUNK", "S3Part", "StagedS3Part", "complete", "mark_of"]

CHUNK = 8 * 1024 * 1024  # bytes of a part in memory, and of each piece that is sent; S3 takes 10,000 pieces
PIECE_FIELDS = {"ETag", "ChecksumCRC32", "ChecksumCRC32C", "ChecksumCRC64NVME", "ChecksumSHA1", "ChecksumSHA256"}
WRITER = "kauneonga-writer"  # the metadata by which a part is known to be the one that was sent


class _Bucket(Protocol):
    def call(self, method: str, **arguments: Any) -> Any: ...

    def abort(self, key: str, upload: str) -> None: ...


class _Sent(msgspec.Struct, frozen=True):
    """An upload whose pieces are all there."""

    upload: str
    pieces: list[dict[str, Any]]
    writer: str


class S3Part:
    """An object that is being sent: in one piece if it is small, else in several that S3 joins in the end."""

    def __init__(self, store: _Bucket, key: str, check: Callable[[], None]) -> None:
        self._store = store
        self._key = key
        self._check = check
        self._writer = secrets.token_hex(16)
        self._buffer = io.BytesIO()
        self._size = 0
        self._upload: str | None = None  # None before the first piece, and when it is over
        self._pieces: list[dict[str, Any]] = []

    def write(self, data: bytes | memoryview) -> None:
        """Take bytes, and send them when there are enough."""
        view = memoryview(data).cast("B")
        while view:
            taken = view[: CHUNK - self._buffer.tell()]
            self._buffer.write(taken)
            self._size += len(taken)
            view = view[len(taken) :]
            if self._buffer.tell() == CHUNK:
                self._send()

    def commit(self) -> Stamp:
        """Send the rest, and let the object appear."""
        if self._upload is None:
            self._check()
            body = self._buffer.getvalue()
            answer = self._store.call("put_object", Key=self._key, Body=body, Metadata={WRITER: self._writer})
        else:
            if self._buffer.tell():
                self._send()
            self._check()
            answer = self._join()
        self._upload = None
        self._buffer = io.BytesIO()
        return Stamp(self._size, mark_of(answer))

    def discard(self) -> None:
        """Abort."""
        self._buffer = io.BytesIO()
        if self._upload is not None:
            self._store.abort(self._key, self._upload)
            self._upload = None

    def _send(self) -> None:
        if self._upload is None:
            answer = self._store.call("create_multipart_upload", Key=self._key, Metadata={WRITER: self._writer})
            self._upload = answer["UploadId"]
        number = len(self._pieces) + 1
        # getvalue() shares the buffer's memory.
        piece = self._store.call(
            "upload_part", Key=self._key, UploadId=self._upload, PartNumber=number, Body=self._buffer.getvalue()
        )
        self._pieces.append({"PartNumber": number, **{name: piece[name] for name in piece if name in PIECE_FIELDS}})
        self._buffer = io.BytesIO()

    def _join(self) -> Any:
        assert self._upload is not None
        return _join(self._store, self._key, _Sent(self._upload, self._pieces, self._writer))


class StagedS3Part(S3Part):
    """An object whose pieces are all sent, and which another process lets S3 join."""

    def __init__(self, store: _Bucket, key: str) -> None:
        super().__init__(store, key, _unchecked)

    def commit(self) -> Stamp:
        """Send the rest."""
        if self._buffer.tell() or not self._pieces:
            self._send()
        assert self._upload is not None
        sent = _Sent(self._upload, self._pieces, self._writer)
        self._upload = None  # it is not ours to abort any more
        return Stamp(self._size, msgspec.json.encode(sent).decode())


def complete(store: _Bucket, key: str, mark: str) -> str:
    """Let S3 join the pieces of a part that was staged, and return the mark of what appears."""
    return mark_of(_join(store, key, msgspec.json.decode(mark, type=_Sent)))


def mark_of(answer: Mapping[str, Any]) -> str:
    """Return the ETag in an answer of S3's."""
    return str(answer["ETag"]).strip('"')


def _join(store: _Bucket, key: str, sent: _Sent) -> Any:
    try:
        return store.call(
            "complete_multipart_upload", Key=key, UploadId=sent.upload, MultipartUpload={"Parts": sent.pieces}
        )
    except FileNotFoundError:
        # There is no such upload: it was completed, and the answer lost, or somebody aborted it.
        there = store.call("head_object", Key=key)
        if there["Metadata"].get(WRITER) != sent.writer:
            raise
        return there


def _unchecked() -> None:
    """Whoever lets it appear looks whether the lock is his."""
