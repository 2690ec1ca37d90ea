"""aiohttp and ijson by hand: decoded while it arrives, by its fastest backend (yajl2_c); no types."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import ijson

from benchmarks.contenders import TIMES
from benchmarks.memory import peak

HEADERS = {"Authorization": "Bearer sandbox-token", "Accept": "application/json"}


def stream(url: str, warm_url: str, times: int = TIMES) -> dict[str, float]:
    """Read one window."""

    async def measure() -> dict[str, float]:
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            async with session.get(warm_url) as response:
                await response.read()
            before, seconds, count = peak(), list[float](), 0
            for _ in range(times):
                began, count = time.perf_counter(), 0
                async with session.get(url) as response:
                    response.raise_for_status()
                    async for message in ijson.items(response.content, "data.item", use_float=True):
                        count += message["id"] > 0
                seconds.append(time.perf_counter() - began)
            return {"seconds": seconds[0], "again": min(seconds), "records": count, "grown": peak() - before}

    return asyncio.run(measure())
