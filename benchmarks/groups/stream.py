"""One large window: records a second against whole-body decoding, turns of the loop, memory."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks.processes import contend, server
from benchmarks.rows import Row

WEEK = ("2025-01-06", "2025-01-12")
WEEK_QUERY = "from_date=01-05-2025&to_date=01-14-2025"  # as we ask for that week, with its padding
RECORDS_IN_30_MB = 19_000

# By name: module, function and target.
PEERS: dict[str, tuple[str, str, float | None]] = {
    "aiohttp + msgspec": ("aiohttp_msgspec", "stream", 1.5),
    "aiohttp + msgspec, gc=False": ("aiohttp_msgspec", "stream_of_ours", None),
    "aiohttp + orjson, untyped": ("aiohttp_orjson", "stream", None),
    "aiohttp + ijson, untyped": ("aiohttp_ijson", "stream", None),
    "httpx + pydantic": ("httpx_pydantic", "stream", 6.0),
    "requests + json, untyped": ("requests_json", "stream", 4.0),
}


def stream(rounds: int) -> Iterator[Row]:
    """Measure 30 MB against the peers, and 300 MB against 30."""
    with server(RECORDS_IN_30_MB, *WEEK) as base_url:
        theirs = {"url": f"{base_url}/v2/messages?{WEEK_QUERY}", "warm_url": f"{base_url}/v2/messages/1001"}
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in ("ours", *PEERS)}
        for _ in range(rounds):
            runs["ours"].append(contend("ours", "stream", base_url=base_url, first=WEEK[0], last=WEEK[1]))
            for name, (module, function, _) in PEERS.items():
                runs[name].append(contend(module, function, **theirs))
    best, again = (
        {name: max(_rate(run, which) for run in done) for name, done in runs.items()} for which in ("seconds", "again")
    )
    used = {name: min(run["processor"] for run in done) for name, done in runs.items()}
    for name, (_, _, target) in PEERS.items():
        yield Row(
            what=f"typed stream of 30 MB, records/s, against {name}",
            result=best["ours"] / best[name],
            target=target,
            at_least=True,
            processor=used["ours"] / used[name],
            details={"ours": best["ours"], name: best[name]},
            series="stream",
        )
    for name in PEERS:
        yield Row(
            what=f"  once the process has read it before, {name}",
            result=again["ours"] / again[name],
            at_least=True,
            details={"ours": again["ours"], name: again[name]},
        )
    with server(RECORDS_IN_30_MB * 10, *WEEK) as base_url:
        large = [contend("ours", "turns", base_url=base_url, first=WEEK[0], last=WEEK[1]) for _ in range(3)]
    yield from _of_the_loop(large)
    most = max(run["grown"] for run in large) / 1e6
    small = statistics.median(run["grown"] for run in runs["ours"]) / 1e6
    yield Row(what="growth of peak memory, 300 MB streamed", result=most, target=48, unit="MB")
    yield Row(
        what="growth of peak memory from 30 MB to 300 MB",
        result=most - small,
        target=8,
        unit="MB",
        details={"30 MB": small},
    )


def _of_the_loop(runs: list[dict[str, Any]]) -> Iterator[Row]:
    turns = {"turns": float(statistics.median(run["turns"] for run in runs))}
    longest = max(run["longest"] for run in runs) * 1e3
    yield Row(what="longest turn of the loop while streaming", result=longest, target=10, unit="ms", details=turns)
    slow = max(run["p999"] for run in runs) * 1e3
    yield Row(what="99.9th percentile of the loop's turns", result=slow, target=5, unit="ms", details=turns)


def _rate(result: dict[str, Any], which: str) -> float:
    assert result["records"] == RECORDS_IN_30_MB, result
    return float(result["records"] / result[which])
