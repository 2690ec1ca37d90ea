"""aiohttp, json and pyarrow by hand: the usual script to Parquet, a month after the other, a file each."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pyarrow as pa
from pyarrow import parquet

from benchmarks.contenders.aiohttp_json import HEADERS
from benchmarks.laps import Laps


def export(urls: list[str], folder: str) -> dict[str, float]:
    """Write each body's records to a file."""

    async def measure() -> dict[str, float]:
        Path(folder).mkdir()
        laps, count = Laps(), 0
        with laps.lap():
            async with aiohttp.ClientSession(headers=HEADERS) as session:
                for number, url in enumerate(urls):
                    async with session.get(url) as response:
                        response.raise_for_status()
                        records = json.loads(await response.read())["data"]
                    table = pa.Table.from_pylist(records)
                    parquet.write_table(table, Path(folder) / f"{number}.parquet", compression="zstd")
                    count += len(records)
        return laps.result(count)

    return asyncio.run(measure())
