"""aiohttp and msgspec.Raw by hand: how fast an export without any promise can be: no ownership, no check, no flush."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import msgspec

from benchmarks.laps import Laps

HEADERS = {"Authorization": "Bearer sandbox-token", "Accept": "application/json"}


class Listing(msgspec.Struct):
    """A list's envelope."""

    data: list[msgspec.Raw]


def export(urls: list[str], folder: str) -> dict[str, float]:
    """Write each body's records to a file, a line each."""

    async def fetch(session: aiohttp.ClientSession, url: str, path: Path) -> int:
        async with session.get(url) as response:
            response.raise_for_status()
            records = msgspec.json.decode(await response.read(), type=Listing).data
        path.write_bytes(b"\n".join(records) + b"\n")
        return len(records)

    async def measure() -> dict[str, float]:
        Path(folder).mkdir()
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            laps = Laps()
            with laps.lap():
                jobs = [fetch(session, url, Path(folder) / f"{number}.jsonl") for number, url in enumerate(urls)]
                records = sum(await asyncio.gather(*jobs))
            return laps.result(records)

    return asyncio.run(measure())
