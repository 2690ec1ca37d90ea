"""Parquet: one schema for every part, in row groups of bounded size. PyArrow (extra parquet) is loaded when needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from kauneonga_async.exporting.formats.format import Encoder, Write
from kauneonga_async.exporting.formats.parquet_rows import parquet_row_reader

__all__ = ["Parquet"]

_IDS_AT_ONCE = 65_536


class Parquet:
    """Parquet, compressed with zstd.

    What a file's columns are is told by :func:`~kauneonga_async.exporting.formats.parquet_schema.message_schema`.
    """

    name = "parquet"
    ending = ".parquet"
    at_once: int | None = 1  # it has all cores as it is: two take twice the memory, and no less time

    def __init__(self) -> None:
        # Shared by all parts: what one learns of the server's records, the others need not.
        self._reader = parquet_row_reader()

    def encoder(self, write: Write) -> Encoder:
        """Return the encoder of a new part."""
        from kauneonga_async.exporting.formats.parquet_encoder import ParquetEncoder

        return ParquetEncoder(write, self._reader)

    def ids(self, file: BinaryIO) -> Iterator[int]:
        """Yield the ids of a finished part; no other column is read."""
        from pyarrow import parquet

        for batch in parquet.ParquetFile(file).iter_batches(_IDS_AT_ONCE, columns=["id"]):
            yield from batch.column(0).drop_null().to_pylist()
