"""An operator's poller: each message that is new or changed is dealt with, and what was dealt with is kept in a file.

Needs KAUNEONGA_BASE_URL and KAUNEONGA_TOKEN; `kauneonga sandbox` prints both for a server to try it on. Start it again,
and it goes on where it ended.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import date
from pathlib import Path

from kauneonga_async import KauneongaClient, MessageChange

MOST = 20  # so that the example comes to an end; a poller has none


async def deal_with(change: MessageChange) -> None:
    """Do what must be done. It is acknowledged when the next is asked for; if we end before, it comes again."""
    print(change.kind, change.message.id, change.message.status)


async def poll(cursor: Path) -> None:
    """Watch, from the first of March on."""
    async with (
        KauneongaClient() as client,
        client.messages.watch(interval=15, cursor=cursor, start=date(2025, 3, 1)) as changes,
    ):
        dealt_with = 0
        async for change in changes:
            await deal_with(change)
            dealt_with += 1
            if dealt_with == MOST:
                break


if __name__ == "__main__":
    asyncio.run(poll(Path(sys.argv[1] if len(sys.argv) > 1 else "messages.cursor")))
