"""Parquet: records a second, and memory, against the usual script."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

from benchmarks.processes import contend, server
from benchmarks.rows import Row

MESSAGES = 100_000
FIRST, LAST = "2025-01-01", "2025-03-31"
# What a script would ask for: months, without padding.
MONTHS = (("01-01-2025", "01-31-2025"), ("02-01-2025", "02-28-2025"), ("03-01-2025", "03-31-2025"))


def export_parquet(rounds: int) -> Iterator[Row]:
    """Measure a quarter of a year in windows of a month."""
    ours: list[dict[str, float]] = []
    script: list[dict[str, float]] = []
    with server(MESSAGES, FIRST, LAST) as base_url:
        urls = [f"{base_url}/v2/messages?from_date={first}&to_date={last}" for first, last in MONTHS]
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                ours.append(
                    contend(
                        "ours",
                        "export",
                        base_url=base_url,
                        first=FIRST,
                        last=LAST,
                        window=31,
                        folder=f"{folder}/ours",
                        form="parquet",
                    )
                )
                script.append(contend("aiohttp_pyarrow", "export", urls=urls, folder=f"{folder}/script"))
    rate, theirs = (max(run["records"] / run["seconds"] for run in runs) for runs in (ours, script))
    yield Row(
        what="Parquet export, records/s, against an aiohttp + json + pyarrow script",
        result=rate / theirs,
        target=1.5,
        at_least=True,
        processor=min(run["processor"] for run in ours) / min(run["processor"] for run in script),
        details={"ours, records/s": rate, "script, records/s": theirs},
    )
    most, theirs = (min(run["peak"] for run in runs) / 1e6 for runs in (ours, script))
    yield Row(
        what="Parquet export, peak memory, against that script",
        result=most / theirs,
        target=0.25,
        details={"ours, MB": most, "script, MB": theirs},
    )
