"""A Fleet of kauneonga_async."""

from __future__ import annotations

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from typing import Any

from benchmarks.memory import current
from kauneonga_async import AccountFailure, Fleet, KauneongaClient


def polls(base_url: str, accounts: int, seconds: float, at_once: int) -> dict[str, float]:
    """Poll accounts that do not change, as often as can be."""

    async def measure() -> dict[str, float]:
        async with KauneongaClient(base_url, "-", concurrency=at_once) as client:
            with tempfile.TemporaryDirectory() as folder:
                fleet = Fleet(client, interval=0.001, cursor=f"{folder}/cursors.db")
                # What the first account takes is not the others'.
                async with fleet:
                    fleet.add("first", "first")
                    while fleet.reports["first"].polls < 100:
                        await asyncio.sleep(0.01)
                    await fleet.remove("first")
                    before = current()
                    for number in range(accounts):
                        fleet.add(str(number), f"token-{number}")
                    while any(report.polls < 5 for report in fleet.reports.values()):
                        await asyncio.sleep(0.01)
                    grown = current() - before
                    began, count = time.perf_counter(), _polls(fleet)
                    cpu = time.process_time()
                    await asyncio.sleep(seconds)
                    elapsed = time.perf_counter() - began
                    done = _polls(fleet) - count
                    return {
                        "rate": done / elapsed,
                        "per_cpu_second": done / (time.process_time() - cpu),
                        "bytes_per_account": grown / accounts,
                    }

    return asyncio.run(measure())


def lateness(base_url: str, accounts: int, interval: float, intervals: int) -> dict[str, float]:
    """Watch accounts that change; return how late each change was seen, in intervals."""

    async def measure() -> dict[str, float]:
        late: list[float] = []
        async with KauneongaClient(base_url, "-") as client:
            with tempfile.TemporaryDirectory() as folder:
                async with Fleet(client, interval=interval, cursor=f"{folder}/cursors.db") as fleet:
                    for number in range(accounts):
                        fleet.add(str(number), f"token-{number}")
                    while any(report.polls < 1 for report in fleet.reports.values()):
                        await asyncio.sleep(0.01)
                    began = datetime.now(UTC)
                    end = time.monotonic() + intervals * interval
                    events = aiter(fleet)
                    while time.monotonic() < end:
                        event = await anext(events)
                        assert not isinstance(event, AccountFailure), event
                        changed: Any = event.change.message.updated_at
                        if changed >= began:
                            late.append((datetime.now(UTC) - changed).total_seconds() / interval)
        return {"changes": len(late), "latest": max(late), "median": sorted(late)[len(late) // 2]}

    return asyncio.run(measure())


def _polls(fleet: Fleet[Any]) -> int:
    return sum(report.polls for report in fleet.reports.values())
