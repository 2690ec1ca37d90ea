"""Messages to DuckDB by dlt, as Arrow tables, incrementally: what comes again is merged by its id, not repeated.

Each run reads from two days before the newest message it has, so that what came late or was changed since is taken up.
Needs `dlt[duckdb]` and `pyarrow`, KAUNEONGA_BASE_URL and KAUNEONGA_TOKEN; `kauneonga sandbox`
prints both for a server to try it on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")

import dlt
import msgspec
import pyarrow as pa

from kauneonga_async import KauneongaClient

FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
OVERLAP = 2 * 86400  # seconds


class Row(msgspec.Struct, frozen=True):
    """What is kept of a message."""

    id: int
    created_at: datetime
    updated_at: datetime | None = None
    status: str | None = None
    phone_number: str | None = None
    content: str | None = None


INSTANT = pa.timestamp("us", "UTC")
TYPES = {"id": pa.int64(), "created_at": INSTANT, "updated_at": INSTANT}
NEVER_NULL = {"id", "created_at"}
SCHEMA = pa.schema(
    [pa.field(name, TYPES.get(name, pa.string()), name not in NEVER_NULL) for name in Row.__struct_fields__]
)


@dlt.resource(name="messages", primary_key="id", write_disposition="merge")
async def messages(
    created_at: dlt.sources.incremental[datetime] = dlt.sources.incremental(  # noqa: B008 - how dlt is told of it
        "created_at", initial_value=FIRST_DAY, lag=OVERLAP
    ),
) -> AsyncIterator[pa.Table]:
    """Yield the messages since the last run, a table a batch."""
    since = created_at.last_value or FIRST_DAY
    async with KauneongaClient() as client, client.messages.stream(since, record_type=Row) as stream:
        async for batch in stream.batches():
            yield pa.Table.from_pylist([msgspec.structs.asdict(row) for row in batch], SCHEMA)


def load(folder: Path) -> Any:
    """Run the pipeline, and return how many messages there are, and how many ids."""
    pipeline = dlt.pipeline(
        "kauneonga",
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.duckdb(str(folder / "kauneonga.duckdb")),
        dataset_name="answering_service",
    )
    pipeline.run(messages())
    with pipeline.sql_client() as client:
        rows = client.execute_sql("SELECT count(*), count(DISTINCT id) FROM messages")
    assert rows is not None
    return rows[0]


def main(folder: Path) -> None:
    """Load twice: the second run adds what is new, and repeats nothing."""
    for run in ("first", "second"):
        count, ids = load(folder)
        print(f"{run} run: {count} messages, {ids} ids")
        if count != ids:
            sys.exit("a message is there twice")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "warehouse").absolute())
