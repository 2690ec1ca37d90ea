"""aiohttp and ijson by hand: decoded while it arrives, by its fastest backend (yajl2_c); no types."""

from __future__ import annotations

import asyncio

import aiohttp
import ijson

from benchmarks.contenders import TIMES
from benchmarks.laps import Laps

HEADERS = {"Authorization": "Bearer sandbox-token", "Accept": "application/json"}


def stream(url: str, warm_url: str, times: int = TIMES) -> dict[str, float]:
    """Read one window."""

    async def measure() -> dict[str, float]:
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            async with session.get(warm_url) as response:
                await response.read()
            laps, count = Laps(), 0
            for _ in range(times):
                count = 0
                with laps.lap():
                    async with session.get(url) as response:
                        response.raise_for_status()
                        async for message in ijson.items(response.content, "data.item", use_float=True):
                            count += message["id"] > 0
            return laps.result(count)

    return asyncio.run(measure())
