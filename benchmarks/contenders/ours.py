"""kauneonga_async itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.contenders import TIMES
from benchmarks.laps import Laps
from benchmarks.turns import TimedLoop
from kauneonga_async import Event, KauneongaClient, export_messages, export_recordings

TOKEN = "sandbox-token"


def stream(base_url: str, first: str, last: str, times: int = TIMES) -> dict[str, float]:
    """Read one window, record by record."""
    return asyncio.run(_stream(base_url, date.fromisoformat(first), date.fromisoformat(last), times))


def turns(base_url: str, first: str, last: str) -> dict[str, float]:
    """Read one window in a loop that times its turns."""
    loop = TimedLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        result = runner.run(_stream(base_url, date.fromisoformat(first), date.fromisoformat(last), 1, loop.forget))
    return {**result, "turns": loop.count(), "longest": loop.longest(), "p999": loop.percentile(0.999)}


async def _stream(
    base_url: str, first: date, last: date, times: int, begin: Callable[[], None] = lambda: None
) -> dict[str, float]:
    window = timedelta(days=(last - first).days + 1)
    async with KauneongaClient(base_url, TOKEN) as client:
        await client.messages.get(1001)
        laps, count = Laps(), 0
        for _ in range(times):
            begin()
            count = 0
            with laps.lap():
                async for message in client.messages.stream(first, last, window=window):
                    count += message.id > 0
        return laps.result(count)


def get(base_url: str, count: int) -> dict[str, Any]:
    """Get one message again and again."""

    async def measure() -> dict[str, Any]:
        laps = Laps()
        async with KauneongaClient(base_url, TOKEN) as client:
            for _ in range(count):
                with laps.lap():
                    await client.messages.get(1001)
        return laps.each()

    return asyncio.run(measure())


def export(base_url: str, first: str, last: str, window: int, folder: str, form: str = "jsonl") -> dict[str, float]:
    """Export messages."""
    if form == "parquet":
        import pyarrow.parquet  # noqa: F401, PLC0415 - the script has imported it too when its time begins

    async def measure() -> dict[str, float]:
        async with KauneongaClient(base_url, TOKEN) as client:
            await client.messages.get(1001)
            laps = Laps()
            with laps.lap():
                report = await export_messages(
                    client,
                    Path(folder),
                    date.fromisoformat(first),
                    date.fromisoformat(last),
                    window=timedelta(days=window),
                    format=form,
                )
            more = {"bytes": report.stream.bytes, "parts": report.parts, "kept": report.parts_kept}
            return laps.result(report.records) | more

    return asyncio.run(measure())


def recordings(base_url: str, folder: str, concurrency: int) -> dict[str, float]:
    """Export recordings."""

    async def measure() -> dict[str, float]:
        async with KauneongaClient(base_url, TOKEN, concurrency=concurrency) as client:
            await client.messages.get(1001)
            laps = Laps()
            with laps.lap():
                report = await export_recordings(client, Path(folder))
            return laps.result(report.downloaded)

    return asyncio.run(measure())


def windows(base_url: str, first: str, last: str, window: int | None, concurrency: int) -> dict[str, float]:
    """Read many windows, each small; count what was refused."""
    tries, refused = 0, 0

    def note(event: Event) -> None:
        nonlocal tries, refused
        tries += event.kind == "try"
        refused += event.status == 429

    async def measure() -> dict[str, float]:
        async with KauneongaClient(base_url, TOKEN, concurrency=concurrency, on_event=note) as client:
            stream = client.messages.stream(
                date.fromisoformat(first),
                date.fromisoformat(last),
                window=None if window is None else timedelta(days=window),
            )
            began, records = time.perf_counter(), 0
            async for batch in stream.batches():
                records += len(batch)
            seconds = time.perf_counter() - began
        report = stream.report
        return {
            "seconds": seconds,
            "records": records,
            "windows": report.windows,
            "bytes": report.bytes,
            "dropped": report.dropped + report.duplicates,
            "tries": tries,
            "refused": refused,
        }

    return asyncio.run(measure())
