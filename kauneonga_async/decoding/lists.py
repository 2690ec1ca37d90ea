"""ListDecoder: a listing's body, in pieces of any size -> records, while the rest is still on its way. Sans-I/O.

msgspec has no incremental decoder, but it can check a cut: from a place where an element is known to begin, look
backwards in what has arrived for the bytes seen between the first two elements (``},{"id":``), and decode what
stands before as an array. JSON is prefix-free: if that decodes, the cut was a true boundary. If it does not, the
bytes stood in a nested array: a plain walk over brackets and strings finds the boundary instead, and takes over
for good once failed cuts have cost too much.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Generic, TypeVar

from kauneonga_async import config
from kauneonga_async.decoding.envelope import BYTE_ORDER_MARK, check_rest, cut_out_data, find_data
from kauneonga_async.decoding.nesting import Nesting
from kauneonga_async.decoding.records import Batch, NotABoundary, RecordReader
from kauneonga_async.errors import DecodeError

__all__ = ["ListDecoder"]

T = TypeVar("T")

_SPACES = b" \t\r\n"
_SPACE = rb"[ \t\r\n]*"
_BETWEEN = re.compile(rb"\}" + _SPACE + rb"," + _SPACE + rb"\{" + _SPACE + rb'"[^"\\]*"' + _SPACE + rb":")

# Failed cuts may cost this many bytes, or this share of the body, before they are given up.
_FAILURES_BORNE = 1024 * 1024
_SHARE_BORNE = 4


class _State(Enum):
    HEAD = auto()  # looking for "data"
    RECORDS = auto()  # inside its array
    REST = auto()  # behind it
    WHOLE = auto()  # "data" is no array: only all of the body can tell


class ListDecoder(Generic[T]):
    """Decodes one body; ``feed`` it as it arrives, then ``finish``.

    Args:
        reader: Reads the records.
        accept_object: Whether an object in the array's place is taken for its only record.
        largest_record: Bytes beyond which one record is refused.

    Raises:
        DecodeError: From ``feed`` or ``finish``: the body is not a listing, or stops short. Such a decoder is
            not to be used again.
        Refusal: From ``finish``: the body says ``"success": false``.
    """

    def __init__(
        self,
        reader: RecordReader[T],
        *,
        accept_object: bool = False,
        largest_record: int = config.LARGEST_RECORD,
    ) -> None:
        self._reader = reader
        self._accept_object = accept_object
        self._largest_record = largest_record
        self._state = _State.HEAD
        self._buffer = bytearray()  # in RECORDS: what follows the last boundary; else the envelope so far
        self._head = b""
        self._walk = Nesting()
        self._walk_from = 0  # bytes that the buffer must hold before another walk is worth it
        self._separator: bytes | None = None
        self._fed = 0
        self._failed = 0
        self._has_records = False

    def feed(self, data: bytes) -> Batch[T] | None:
        """Take the next bytes of the body; return the records that they complete, if any."""
        self._fed += len(data)
        if self._state is _State.RECORDS:
            return self._feed_records(data)
        self._buffer += data
        if self._state is _State.HEAD and len(self._buffer) >= self._walk_from:
            return self._find_records()
        limit = self._largest_record if self._state is _State.WHOLE else config.LARGEST_ENVELOPE
        if len(self._buffer) > limit:
            raise DecodeError(f"the body holds more than {limit:,} bytes that are no record of a list")
        return None

    def finish(self) -> Batch[T] | None:
        """Tell that the body has ended; return the records that were still held back, if any."""
        batch = None
        if self._state is _State.HEAD:
            self._find_records(at_end=True)
        if self._state is _State.RECORDS:
            self._walk.walk(self._buffer)
            batch = self._cut()
            if self._walk.closed < 0:
                raise DecodeError("the body stops in the middle of the list", malformed=True)
        if self._state is _State.REST:
            check_rest(self._head, bytes(self._buffer))
            return batch
        content = cut_out_data(bytes(self._buffer))
        if not content.startswith(b"{"):
            raise DecodeError('"data" is no list')
        if not self._accept_object:
            raise DecodeError('"data" is an object where a list belongs')
        return self._reader.read_one(content)

    def _find_records(self, *, at_end: bool = False) -> Batch[T] | None:
        """Look for the value of "data" in what has arrived."""
        # Only what stands first is one: when it was taken off, less is here than came.
        if len(self._buffer) == self._fed and self._buffer.startswith(BYTE_ORDER_MARK):
            del self._buffer[: len(BYTE_ORDER_MARK)]
        place = find_data(self._buffer)
        if place is None:
            if len(self._buffer) > config.LARGEST_ENVELOPE:
                raise DecodeError(f'no "data" within the first {config.LARGEST_ENVELOPE:,} bytes of the body')
            self._walk_from = 2 * len(self._buffer)
            return None
        if self._buffer[place : place + 1] != b"[":
            self._state = _State.WHOLE
            return None
        self._head = bytes(self._buffer[:place])
        data = bytes(self._buffer[place + 1 :])
        self._buffer.clear()
        self._state = _State.RECORDS
        self._walk_from = 0
        if at_end:
            self._buffer += data
            return None
        return self._feed_records(data)

    def _feed_records(self, data: bytes) -> Batch[T] | None:
        if self._separator is None:
            self._buffer += data
            if len(self._buffer) < self._walk_from or not self._learn_separator():
                return self._walk_on()
            data = bytes(self._buffer)
            self._buffer.clear()
            self._walk = Nesting()
        separator = self._separator
        if separator is not None and self._failed <= max(_FAILURES_BORNE, self._fed // _SHARE_BORNE):
            place = data.rfind(separator)
            if place >= 0:
                document = b"".join((b"[", self._buffer, memoryview(data)[: place + 1], b"]"))
                try:
                    batch = self._reader.read(document, trusted=False)
                except NotABoundary:
                    self._failed += len(document)
                else:
                    self._has_records = True
                    self._buffer = bytearray(memoryview(data)[place + separator.index(b"{") :])
                    self._walk = Nesting()
                    self._walk_from = 0
                    return batch
        self._buffer += data
        return self._walk_on()

    def _learn_separator(self) -> bool:
        """Take the bytes between the first two elements to be what stands between all of them."""
        self._walk.walk(self._buffer, to_first_comma=True)
        comma = self._walk.comma
        if comma < 0:
            return False
        brace = self._buffer.rfind(b"}", 0, comma)
        found = _BETWEEN.match(self._buffer, brace) if brace >= 0 else None
        if found is None or found.group().index(b",") != comma - brace:
            return False
        self._separator = found.group()
        return True

    def _walk_on(self) -> Batch[T] | None:
        """Find the last boundary by walking, where no cut was found or believed."""
        if len(self._buffer) < self._walk_from:
            return None
        before = self._walk.position
        self._walk.walk(self._buffer)
        batch = self._cut()
        if batch is None and self._state is _State.RECORDS:
            if len(self._buffer) > self._largest_record:
                raise DecodeError(f"a record is longer than {self._largest_record:,} bytes")
            # A long string is stepped over only when its end is there: don't try again for every few bytes.
            self._walk_from = 2 * len(self._buffer) if self._walk.position == before else 0
        return batch

    def _cut(self) -> Batch[T] | None:
        """Decode the buffer up to the boundary that the walk has found, if it found one."""
        is_last = self._walk.closed >= 0
        end = self._walk.closed if is_last else self._walk.comma
        if end < 0:
            return None
        if is_last and self._buffer[end : end + 1] != b"]":
            raise DecodeError("the body is no valid JSON: the list is closed by another bracket", malformed=True)
        content = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        if is_last:
            self._state = _State.REST
        else:
            self._walk.forget(end + 1)
        self._walk_from = 0
        if not content.strip(_SPACES):
            if is_last and not self._has_records:
                return None
            raise DecodeError("the body is no valid JSON: a record is missing between two commas", malformed=True)
        self._has_records = True
        return self._reader.read(b"[" + content + b"]", trusted=True)
