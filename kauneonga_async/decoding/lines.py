"""LineReader: arrays -> lines of JSON, a record each, the server's own bytes; in one pass where that can be. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, overload

import msgspec

from kauneonga_async.decoding.invalid import UNREADABLE
from kauneonga_async.decoding.records import Batch, RecordReader, check_text

__all__ = ["LineReader", "Lines", "compact", "line_reader"]

_LINE_BREAK = ord("\n")
_LONGEST_HEAD = 256  # bytes of a record up to the end of its first key


class Lines(Sequence[bytes]):
    """Records that stand in one buffer, a line each; split up only for who takes some of them.

    Args:
        text: The lines, without a line break at the end.
        count: How many they are.
    """

    __slots__ = ("_length", "text")

    def __init__(self, text: memoryview, count: int) -> None:
        self.text: memoryview[int] = text
        self._length = count

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        return iter(bytes(self.text).split(b"\n"))

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        lines: list[bytes] = bytes(self.text).split(b"\n")
        return lines[index]


class LineReader(RecordReader[bytes]):
    """Reads arrays of records to lines.

    An array laid out as servers do, without a space between its tokens, becomes lines by putting a line break for
    the comma wherever one element seems to end and the next to begin. That each line is then decoded, for id and
    date, proves it: a break inside of a record would leave two lines that are no JSON. Any other array is taken apart
    by msgspec, in two passes.

    Args:
        time_field: The field that holds a record's date, which each record must then have; None for none.
    """

    def __init__(self, time_field: str | None) -> None:
        super().__init__(msgspec.Raw, time_field=time_field, convert=compact)

    def read(self, document: bytes, *, trusted: bool) -> Batch[bytes]:
        """Decode an array; see RecordReader."""
        lines = _with_breaks(document)
        if lines is not None:
            try:
                keys: list[Any] = self._key.decode_lines(lines.text)
                check_text(document)
            except UNREADABLE:
                pass  # what follows finds out why
            else:
                batch: Batch[bytes] = Batch(lines, *self._ids_and_times(keys), [])
                # msgspec would let two stand in one line.
                if len(keys) == len(lines) and self._is_sound(batch):
                    return batch
        return super().read(document, trusted=trusted)


@lru_cache(maxsize=8)
def line_reader(time_field: str | None) -> LineReader:
    """Return a reader, made once: it holds no state."""
    return LineReader(time_field)


def compact(record: bytes) -> bytes:
    """Return a record as one line: as it is, or without what stands between its tokens."""
    line = bytes(record).rstrip(b" \t\r\n")  # msgspec counts what follows the last element as part of it
    return msgspec.json.format(line, indent=-1) if b"\n" in line or b"\r" in line else line


def _with_breaks(document: bytes) -> Lines | None:
    """Return an array's content with a line break for each comma between two elements, if that seems to be possible."""
    if b"\n" in document or b"\r" in document:
        return None
    head = document[1 : document.find(b'":', 0, _LONGEST_HEAD) + 2]
    if not head.startswith(b'{"') or not document.endswith(b"}]"):
        return None
    lines, count, separator = bytearray(document), 1, b"}," + head
    # A third faster than replace(): to look for a single byte is what the C library does best.
    place = document.find(b"}")
    while place >= 0:
        if document.startswith(separator, place):
            lines[place + 1] = _LINE_BREAK
            count += 1
        place = document.find(b"}", place + 1)
    return Lines(memoryview(lines)[1:-1], count)
