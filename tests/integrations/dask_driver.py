"""A driver in a process of its own, which is there to be killed: `python -m tests.integrations.dask_driver ...`."""

from __future__ import annotations

import asyncio
import sys
from datetime import date, timedelta

from kauneonga_async import KauneongaClient, export_messages
from kauneonga_async.integrations.dask import DaskEngine


async def main(scheduler: str, base_url: str, destination: str) -> None:
    """Export a quarter; the token is the environment's."""
    async with KauneongaClient(base_url) as client:
        await export_messages(
            client,
            destination,
            date(2025, 1, 1),
            date(2025, 3, 31),
            window=timedelta(days=3),
            engine=DaskEngine(scheduler),
        )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
