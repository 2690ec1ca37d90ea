"""ParquetEncoder: records -> a Parquet file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from kauneonga_async.exporting.formats.blocks import Blocks
from kauneonga_async.exporting.formats.fields import FIELDS, Kind
from kauneonga_async.exporting.formats.format import Write
from kauneonga_async.exporting.formats.parquet_schema import message_schema, record_batch
from kauneonga_async.exporting.formats.rows import RowReader

__all__ = ["ParquetEncoder"]

_ROW_GROUP = 4 * 1024 * 1024  # bytes of JSON, some 2,500 messages: half of it in memory, for each part that is open

# By these a reader skips row groups; the least and the greatest text would only be work, and messages in the footer.
_RANGES: Any = [name for name, kind in FIELDS.items() if kind in (Kind.NUMBER, Kind.FLAG, Kind.INSTANT)]


class ParquetEncoder:
    """Encodes one part; see Encoder.

    Args:
        write: Takes the file's bytes.
        reader: Reads the records.
    """

    def __init__(self, write: Write, reader: RowReader) -> None:
        self._reader = reader
        self._schema = message_schema()
        self._blocks = Blocks()
        self._batches: list[pa.RecordBatch] = []
        self._size = 0  # bytes of JSON in it
        self._sink = _Sink(write)
        self._writer: Any = parquet.ParquetWriter(
            self._sink, self._schema, compression="zstd", write_statistics=_RANGES
        )

    def add(self, records: Sequence[bytes]) -> None:
        """Take records; see Encoder."""
        for block in self._blocks.add(records):
            self._take(block)

    def finish(self) -> None:
        """Write what is left and the footer; see Encoder."""
        rest = self._blocks.rest()
        if rest:
            self._take(rest)
        self._flush()
        self._writer.close()

    def __del__(self) -> None:
        # PyArrow's writer, when it is dropped, writes a footer to a file that by then is another's business.
        if "_sink" in self.__dict__:
            self._sink.close()

    def _take(self, block: bytes) -> None:
        self._batches.append(record_batch(self._reader.read(block), self._schema))
        self._size += len(block)
        if self._size >= _ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._batches:
            table = pa.Table.from_batches(self._batches, self._schema)
            self._batches, self._size = [], 0
            self._writer.write_table(table)
            del table
            pa.default_memory_pool().release_unused()  # else it keeps a third as much again


class _Sink:
    """What PyArrow takes for a file."""

    closed = False

    def __init__(self, write: Write) -> None:
        self._write: Write | None = write
        self._position = 0

    def write(self, data: bytes) -> int:
        if self._write is not None:
            self._write(data)
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        self._write = None
