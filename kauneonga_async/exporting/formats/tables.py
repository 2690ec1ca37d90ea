"""Tables: records -> an Arrow table with the schema of Parquet files."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from kauneonga_async.exporting.formats.blocks import Blocks
from kauneonga_async.exporting.formats.parquet_rows import parquet_row_reader
from kauneonga_async.exporting.formats.parquet_schema import message_schema, record_batch

__all__ = ["message_table"]


def message_table(records: Sequence[bytes]) -> pa.Table:
    """Return messages as a table, whatever they hold; see ``message_schema``."""
    blocks, reader, schema = Blocks(), parquet_row_reader(), message_schema()
    texts = [*blocks.add(records), blocks.rest()]
    return pa.Table.from_batches([record_batch(reader.read(text), schema) for text in texts if text], schema)
