"""Fleets: what it costs to poll many accounts, and how late a change is seen."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.processes import contend, watched
from benchmarks.rows import Row

ACCOUNTS = 1000
MESSAGES = 18  # of each account, all within the look-back: the server looks at no dates
AT_ONCE = 16
INTERVAL = 5.0  # seconds


def fleet(rounds: int) -> Iterator[Row]:
    """Poll a thousand accounts: nothing changes, then one message in a hundred with each interval."""
    job = {"accounts": ACCOUNTS, "seconds": 3.0, "at_once": AT_ONCE}
    runs: dict[str, list[dict[str, float]]] = {"ours": [], "aiohttp": [], "aiohttp, no intervals": []}
    with watched(MESSAGES) as base_url:
        for _ in range(rounds):
            runs["aiohttp, no intervals"].append(contend("aiohttp_polls", "round_robin", base_url=base_url, **job))
            runs["aiohttp"].append(contend("aiohttp_polls", "polls", base_url=base_url, interval=0.001, **job))
            runs["ours"].append(contend("our_fleet", "polls", base_url=base_url, **job))
    rates = {f"{name}, polls/s": max(run["rate"] for run in done) for name, done in runs.items()}
    used = {
        f"{name}, us of CPU a poll": min(1e6 / run["per_cpu_second"] for run in done) for name, done in runs.items()
    }
    yield Row(
        what="1,000 accounts polled, unchanged: polls a second, against aiohttp",
        result=rates["ours, polls/s"] / rates["aiohttp, polls/s"],
        target=0.8,
        at_least=True,
        processor=used["ours, us of CPU a poll"] / used["aiohttp, us of CPU a poll"],
        details=rates | used,
    )
    yield Row(
        what="memory for each account that is watched",
        result=min(run["bytes_per_account"] for run in runs["ours"]) / 1000,
        target=64.0,
        unit="kB",
    )
    with watched(MESSAGES, period=100 * INTERVAL) as base_url:
        late = contend("our_fleet", "lateness", base_url=base_url, accounts=ACCOUNTS, interval=INTERVAL, intervals=6)
    yield Row(
        what="one message in 100 changes: the latest that a change is seen",
        result=late["latest"],
        target=2.0,
        unit="intervals",
        details={"changes": late["changes"], "median, intervals": late["median"]},
    )
