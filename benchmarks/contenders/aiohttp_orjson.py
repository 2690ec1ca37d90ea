"""aiohttp and orjson by hand: the whole body is read, then decoded; no types."""

from __future__ import annotations

import asyncio

import aiohttp
import orjson

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
                        for message in orjson.loads(await response.read())["data"]:
                            count += message["id"] > 0
            return laps.result(count)

    return asyncio.run(measure())
