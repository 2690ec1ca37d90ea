"""A quarter of messages to Parquet by a Dask cluster of two worker processes; then the same as a Dask dataframe.

Needs KAUNEONGA_BASE_URL and KAUNEONGA_TOKEN; `kauneonga sandbox` prints both for a server to try it on. The workers
have the token from the environment too: nothing hands it over.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import date
from pathlib import Path

from distributed import LocalCluster

from kauneonga_async import KauneongaClient, export_messages
from kauneonga_async.integrations.dask import DaskEngine, read_messages


async def export(folder: Path) -> None:
    """Write the files; a real cluster's address goes in place of the local one's."""
    async with (
        LocalCluster(n_workers=2, threads_per_worker=1, asynchronous=True, dashboard_address=None) as cluster,
        KauneongaClient() as client,
    ):
        engine = DaskEngine(cluster.scheduler_address)
        report = await export_messages(
            client, folder, date(2025, 1, 1), date(2025, 3, 31), format="parquet", engine=engine
        )
    print(f"{report.records} messages in {report.parts} files, {report.seconds:.1f} s", file=sys.stderr)


def main(folder: Path) -> None:
    """Export, then count without files: each partition is asked for when it is computed."""
    asyncio.run(export(folder))
    messages = read_messages(date(2025, 1, 1), date(2025, 3, 31))
    print(messages.groupby("status").size().compute())


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "messages-parquet"))
