"""Memory by the size of a body: what one listing costs, read once in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.groups.stream import RECORDS_IN_30_MB, WEEK, WEEK_QUERY
from benchmarks.processes import contend, server
from benchmarks.rows import Row

SIZES = (3, 30, 100, 300)  # MB
PEERS = {
    "aiohttp + msgspec": "aiohttp_msgspec",
    "aiohttp + orjson, untyped": "aiohttp_orjson",
    "aiohttp + ijson, untyped": "aiohttp_ijson",
    "httpx + pydantic": "httpx_pydantic",
    "requests + json, untyped": "requests_json",
}


def memory(rounds: int) -> Iterator[Row]:
    """Measure bodies of 3 to 300 MB; once each, for it varies little."""
    for size in SIZES:
        records = RECORDS_IN_30_MB * size // 30
        with server(records, *WEEK) as base_url:
            theirs = {"url": f"{base_url}/v2/messages?{WEEK_QUERY}", "warm_url": f"{base_url}/v2/messages/1001"}
            runs = {"ours": contend("ours", "stream", base_url=base_url, first=WEEK[0], last=WEEK[1], times=1)}
            runs |= {name: contend(module, "stream", **theirs, times=1) for name, module in PEERS.items()}
        assert {run["records"] for run in runs.values()} == {records}, runs
        grown = {name: run["grown"] / 1e6 for name, run in runs.items()}
        yield Row(
            what=f"growth of peak memory, {size} MB read as records",
            result=grown["ours"],
            unit="MB",
            details=grown,
            series="memory",
            at=size,
        )
