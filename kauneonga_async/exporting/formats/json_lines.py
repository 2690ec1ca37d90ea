"""JSON Lines: one record a line, each the server's own bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

import msgspec

from kauneonga_async.decoding import Lines, compact
from kauneonga_async.exporting.formats.compression import Compressor, compressor, opened
from kauneonga_async.exporting.formats.format import Encoder, Write

__all__ = ["JsonLines", "to_lines"]

_BLOCK = 1024 * 1024  # bytes


def to_lines(records: Sequence[bytes]) -> list[bytes | memoryview]:
    """Return records as lines, in pieces to be written one after the other.

    A record with line breaks between its tokens, as a server that indents its JSON writes it, is compacted; any other
    stays as it is, to the byte.
    """
    if not records:
        return []
    if isinstance(records, Lines):
        return [records.text, b"\n"]
    return [b"\n".join(map(compact, records)), b"\n"]


class JsonLines:
    """JSON Lines, compressed or not.

    Args:
        compression: None, ``"gz"`` or ``"zst"``.
    """

    name = "jsonl"
    at_once: int | None = None

    def __init__(self, compression: str | None = None) -> None:
        self._compression = compression
        self.ending: str = f".jsonl.{compression}" if compression else ".jsonl"

    def encoder(self, write: Write) -> Encoder:
        """Return the encoder of a new part."""
        if self._compression is None:
            return _Encoder(write, None)
        compressed = compressor(self._compression, write)
        return _Encoder(compressed.write, compressed)

    def ids(self, file: BinaryIO) -> Iterator[int]:
        """Yield the ids of a finished part."""
        content = opened(file, self._compression)
        decoder = msgspec.json.Decoder(_Key)
        rest = b""
        while block := content.read(_BLOCK):
            whole, separator, tail = block.rpartition(b"\n")
            if separator:
                yield from (key.id for key in decoder.decode_lines(rest + whole))
                rest = tail
            else:
                rest += tail
        yield from (key.id for key in decoder.decode_lines(rest))


class _Key(msgspec.Struct, gc=False):
    id: int


class _Encoder:
    def __init__(self, write: Write, compressed: Compressor | None) -> None:
        self._write = write
        self._compressed = compressed

    def add(self, records: Sequence[bytes]) -> None:
        for piece in to_lines(records):
            self._write(piece)

    def finish(self) -> None:
        if self._compressed:
            self._compressed.finish()
