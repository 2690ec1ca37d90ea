"""S3Store: objects on S3, or what speaks like it, through s3fs.

Only ``call_s3`` is used to write: s3fs's own files know ``If-None-Match``, but neither ``If-Match`` nor a write's ETag.
Tries after the first are botocore's and s3fs's, so a write can be done, lose its answer, and be refused when it is sent
again: ``create``, ``swap`` and a part's ``commit`` look whether what is there is their own.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO, cast

from kauneonga_async.exporting.destinations.destination import Stamp
from kauneonga_async.exporting.destinations.s3_part import CHUNK, S3Part, StagedS3Part, complete, mark_of
from kauneonga_async.exporting.destinations.store import Changed, Found

__all__ = ["S3Store"]

REMOVED_AT_ONCE = 1000  # S3 takes no more
CONFLICT_TRIES = 6  # of a conditional write that met another one (409), as S3 asks
CONFLICT_WAIT = 0.05  # seconds after the first of them, doubled each time
READ_TRIES = 3  # of an object that breaks off


class S3Store:
    """The objects under one prefix of a bucket.

    Args:
        fs: An ``s3fs.S3FileSystem``.
        path: The bucket and the prefix.
    """

    is_conditional = True

    def __init__(self, fs: Any, path: str) -> None:
        self._fs = fs
        self._bucket, prefix, _ = fs.split_path(path)
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    def __str__(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}"

    def stamps(self, folder: str = "") -> dict[str, Stamp]:
        """Return the objects directly in the prefix, or in a folder of it, by name."""
        prefix = self._prefix + folder
        return {
            entry["Key"].removeprefix(prefix): Stamp(entry["Size"], mark_of(entry))
            for page in self._pages("list_objects_v2", prefix, {"ContinuationToken": "NextContinuationToken"})
            for entry in page.get("Contents", ())
            if entry["Key"] != prefix
        }

    def get(self, name: str) -> Found | None:
        """Read a small object."""
        try:
            answer, data = self._read(self._prefix + name)
        except FileNotFoundError:
            return None
        modified, date = answer["LastModified"], answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        age = (parsedate_to_datetime(date) - modified).total_seconds() if date else None
        return Found(data, mark_of(answer), modified, age)

    def create(self, name: str, data: bytes) -> str:
        """Write an object where there is none, and return its mark."""
        return self._put_if(name, data, IfNoneMatch="*")

    def swap(self, name: str, data: bytes, mark: str) -> str:
        """Write an object in the place of the one with the mark, and return its mark."""
        try:
            return self._put_if(name, data, IfMatch=_quoted(mark))
        except FileNotFoundError:
            raise Changed from None

    def drop(self, name: str, mark: str) -> None:
        """Remove an object, if it is still the one with the mark."""
        try:
            self.call("delete_object", Key=self._prefix + name, IfMatch=_quoted(mark))
        except FileNotFoundError:
            raise Changed from None

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects."""
        keys = [{"Key": self._prefix + name} for name in names]
        for first in range(0, len(keys), REMOVED_AT_ONCE):
            some = keys[first : first + REMOVED_AT_ONCE]
            answer = self.call("delete_objects", Delete={"Objects": some, "Quiet": True})
            for error in answer.get("Errors", ()):
                raise OSError(f"{self}: {error.get('Key')} cannot be removed: {error.get('Code')}")

    def upload(self, name: str, check: Callable[[], None]) -> S3Part:
        """Begin an object."""
        return S3Part(self, self._prefix + name, check)

    def stage(self, name: str) -> StagedS3Part:
        """Begin an object that another process lets appear."""
        return StagedS3Part(self, self._prefix + name)

    def adopt(self, name: str, mark: str) -> str:
        """Let an object that was staged appear."""
        return complete(self, self._prefix + name, mark)

    def open(self, name: str) -> BinaryIO:
        """Open an object to read it."""
        return cast("BinaryIO", self._fs.open(f"{self._bucket}/{self._prefix}{name}", "rb", block_size=CHUNK))

    def clean(self) -> None:
        """Abort uploads directly into the prefix; those into folders of it are others'."""
        markers = {"KeyMarker": "NextKeyMarker", "UploadIdMarker": "NextUploadIdMarker"}
        for page in self._pages("list_multipart_uploads", self._prefix, markers):
            for upload in page.get("Uploads", ()):
                if "/" not in upload["Key"].removeprefix(self._prefix):
                    self.abort(upload["Key"], upload["UploadId"])

    def abort(self, key: str, upload: str) -> None:
        """Abort an upload, if it is not over."""
        with contextlib.suppress(FileNotFoundError):
            self.call("abort_multipart_upload", Key=key, UploadId=upload)

    def call(self, method: str, **arguments: Any) -> Any:
        """Call S3.

        Raises:
            Changed: A condition does not hold.
            OSError: Whatever else went wrong, told without credentials.
        """
        return self._told(method, self._fs.call_s3, method, Bucket=self._bucket, **arguments)

    def _put_if(self, name: str, data: bytes, **condition: str) -> str:
        wait = CONFLICT_WAIT
        for attempt in range(1, CONFLICT_TRIES + 1):
            try:
                return mark_of(self.call("put_object", Key=self._prefix + name, Body=data, **condition))
            except Changed:
                found = self.get(name)
                if found is None or found.data != data:
                    raise
                return found.mark
            except _Conflict:
                if attempt == CONFLICT_TRIES:
                    raise
            time.sleep(wait)
            wait *= 2
        raise AssertionError  # the last attempt returns or raises

    def _read(self, key: str) -> tuple[Any, bytes]:
        from fsspec.asyn import sync  # noqa: PLC0415 - an extra

        for _ in range(READ_TRIES - 1):
            answer = self.call("get_object", Key=key)
            # s3fs tells an object's headers or reads its body, never both: the body is read on its loop by hand.
            with contextlib.suppress(OSError):
                return answer, self._told("get_object", sync, self._fs.loop, answer["Body"].read)
        answer = self.call("get_object", Key=key)
        return answer, self._told("get_object", sync, self._fs.loop, answer["Body"].read)

    def _pages(self, method: str, prefix: str, markers: Mapping[str, str]) -> Iterator[Any]:
        """Ask for all pages of a list; ``markers`` says which of an answer's fields the next call wants as what."""
        begin: dict[str, str] = {}
        while True:
            page = self.call(method, Prefix=prefix, Delimiter="/", **begin)
            yield page
            if not page.get("IsTruncated"):
                return
            begin = {argument: page[field] for argument, field in markers.items() if page.get(field)}

    def _told(self, method: str, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except Exception as error:  # noqa: BLE001 - botocore's errors have no base that s3fs keeps to
            told = self._error(method, error)
        # Outside of the handler: the frames of the original hold credentials.
        raise told

    def _error(self, method: str, error: Exception) -> Exception:
        answer = getattr(error.__cause__, "response", None) or {}
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status == 412:  # noqa: PLR2004 - Precondition Failed
            return Changed()
        text = re.sub(r"//[^/@\s]*@", "//", str(error.args[-1] if isinstance(error, OSError) and error.args else error))
        message = f"{self}: {method}: {text or type(error).__name__}"
        if status == 409:  # noqa: PLR2004 - Conflict
            return _Conflict(message)
        for kind in (FileNotFoundError, PermissionError, TimeoutError):
            if isinstance(error, kind):
                return kind(message)
        return OSError(message)


class _Conflict(OSError):
    """Another conditional write of the same object was under way."""


def _quoted(mark: str) -> str:
    return f'"{mark}"'
