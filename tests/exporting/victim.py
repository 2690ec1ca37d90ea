"""Exports and watches in processes that are there to be killed: one that has imported everything forks them.

Each line on stdin is a JSON object of the arguments; the answer is the process's id. Its exit code is written to the
file that is called so in the arguments, if it comes to its end.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from kauneonga_async import KauneongaClient, config, errors, export_messages, export_recordings
from kauneonga_async.exporting.formats import format_named


async def export(order: dict[str, Any]) -> None:
    async with KauneongaClient(order["base_url"], order["token"], max_retries=20) as client:
        if order["kind"] == "recordings":
            await export_recordings(client, order["destination"], concurrency=4)
            return
        if order["kind"] == "watch":
            await watch(client, order)
            return
        await export_messages(
            client,
            order["destination"],
            date.fromisoformat(order["from"]),
            date.fromisoformat(order["to"]),
            window=timedelta(days=order["days"]),
            format=order["format"],
            compression=order["compression"],
            details=order["details"],
        )


async def watch(client: KauneongaClient, order: dict[str, Any]) -> None:
    """Deal with each change by a line in a file, until all that is wanted is there."""
    wanted = set(order["wanted"])
    changes = client.messages.watch(interval=0.001, cursor=order["cursor"], start=date.fromisoformat(order["from"]))
    with Path(order["events"]).open("a", encoding="ascii", buffering=1) as events:  # noqa: ASYNC230 - a test
        async with changes:
            async for change in changes:
                wanted.discard(change.digest)
                events.write(f"{change.event_id} {change.kind}\n")
                if not wanted:
                    break


def run(order: dict[str, Any]) -> int:
    try:
        asyncio.run(export(order))
    except (errors.KauneongaError, OSError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    return 0


def main() -> None:
    for name, compression in (("jsonl", "gz"), ("jsonl", "zst"), ("csv", None), ("parquet", None)):
        format_named(name, compression)
    config.PASSING_BACKOFF = 0.005  # type: ignore[misc]  # a process that waits for its next try is not worth a kill
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            code = run(order)
            Path(order["outcome"]).write_text(str(code), encoding="ascii")
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
