"""A Dask cluster: the same export by one worker and by two, from a server that takes its time."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from benchmarks.processes import server
from benchmarks.rows import Row
from kauneonga_async import KauneongaClient, export_messages

LATENCY = 0.25  # seconds
WINDOWS = 60


def dask(rounds: int) -> Iterator[Row]:
    """Export 60 days of 333 messages, a window a day, by workers of one thread each."""
    from distributed import LocalCluster  # noqa: PLC0415 - a second to import, for one group

    os.environ["KAUNEONGA_TOKEN"] = "benchmark"
    seconds: dict[int, list[float]] = {1: [], 2: []}
    with server(20_000, "2025-01-01", "2025-03-01", latency=LATENCY) as base_url:
        for workers in seconds:
            cluster = LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=None, worker_dashboard_address=None
            )
            with cluster:
                asyncio.run(_export(base_url, cluster.scheduler_address))  # imports, connections
                seconds[workers] += [
                    asyncio.run(_export(base_url, cluster.scheduler_address)) for _ in range(max(1, rounds // 2))
                ]
    one, two = min(seconds[1]), min(seconds[2])
    yield Row(
        what="export by a Dask cluster of 2 workers, against 1",
        result=one / two,
        at_least=True,
        details={"1, s": one, "2, s": two, "1, windows/s": WINDOWS / one, "2, windows/s": WINDOWS / two},
    )


async def _export(base_url: str, scheduler: str) -> float:
    from kauneonga_async.integrations.dask import DaskEngine  # noqa: PLC0415 - likewise

    with tempfile.TemporaryDirectory() as folder:
        async with KauneongaClient(base_url, "benchmark") as client:
            began = time.perf_counter()
            report = await export_messages(
                client,
                Path(folder),
                date(2025, 1, 1),
                date(2025, 3, 1),
                window=timedelta(days=1),
                engine=DaskEngine(scheduler),
            )
            assert report.records == 20_000
            return time.perf_counter() - began
