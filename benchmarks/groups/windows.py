"""Many windows: how near to the ideal time they come, what padding costs, and a server that limits its rate."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator

from benchmarks.processes import contend, sandbox, server
from benchmarks.rows import Row


def windows(rounds: int) -> Iterator[Row]:
    """365 windows of a day at 100 ms, sixteen at a time; and what padding costs."""
    year = {"first": "2025-01-01", "last": "2025-12-31"}
    with server(3650, year["first"], year["last"], latency=0.1) as base_url:
        done = [
            contend("ours", "windows", base_url=base_url, **year, window=1, concurrency=16)
            for _ in range(min(rounds, 3))
        ]
    seconds = statistics.median(run["seconds"] for run in done)
    ideal = math.ceil(365 / 16) * 0.1
    yield Row(
        what="365 one-day windows at 100 ms, against the ideal time",
        result=seconds / ideal,
        target=1.15,
        details={"seconds": seconds, "ideal": ideal},
    )
    with server(36_500, year["first"], year["last"]) as base_url:
        run = contend("ours", "windows", base_url=base_url, **year, window=None, concurrency=16)
    fetched = run["records"] + run["dropped"]
    yield Row(
        what="fetched / owned, a year by default windows",
        result=fetched / run["records"],
        target=1.25,
        details={"windows": run["windows"]},
    )


def rate_limit(rounds: int) -> Iterator[Row]:
    """A server that takes 50 requests a second, and a thousand windows."""
    days = ("2023-01-01", "2025-09-26")
    with sandbox("--messages", "5000", "--from", days[0], "--to", days[1], "--rate-limit", "50") as base_url:
        # Where in the server's second a run begins is chance, and matters.
        runs = [
            contend("ours", "windows", base_url=base_url, first=days[0], last=days[1], window=1, concurrency=16)
            for _ in range(min(rounds, 3))
        ]
    run = sorted(runs, key=lambda run: float(run["seconds"]))[len(runs) // 2]
    assert run["windows"] == 1000, run
    ideal = 1000 / 50
    yield Row(
        what="1,000 windows at 50 requests/s, against the ideal time",
        result=run["seconds"] / ideal,
        target=1.15,
        details={"seconds": run["seconds"]},
    )
    yield Row(what="requests refused at 50 requests/s", result=100 * run["refused"] / run["tries"], target=5, unit="%")
