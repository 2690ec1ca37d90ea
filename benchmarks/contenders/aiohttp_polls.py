"""aiohttp by hand: a loop that asks with an ETag, and looks at nothing but the status."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from itertools import cycle
from urllib.parse import urlencode

import aiohttp


def polls(base_url: str, accounts: int, seconds: float, at_once: int, interval: float) -> dict[str, float]:
    """Poll accounts that do not change: each in a task of its own, that waits between two polls."""
    return asyncio.run(_measure(base_url, accounts, seconds, at_once, interval))


def round_robin(base_url: str, accounts: int, seconds: float, at_once: int) -> dict[str, float]:
    """Poll accounts that do not change: a few tasks take them in turn, and none has an interval."""
    return asyncio.run(_measure(base_url, accounts, seconds, at_once, None))


def _url(base_url: str) -> str:
    today = datetime.now(UTC).date()
    first, last = today - timedelta(days=3), today + timedelta(days=2)
    return f"{base_url}/v2/messages?{urlencode({'from_date': f'{first:%m-%d-%Y}', 'to_date': f'{last:%m-%d-%Y}'})}"


async def _measure(
    base_url: str, accounts: int, seconds: float, at_once: int, interval: float | None
) -> dict[str, float]:
    url = _url(base_url)
    turn, places = cycle(range(accounts)), asyncio.Semaphore(at_once)
    etags: dict[int, str] = {}
    done = 0

    async def poll(session: aiohttp.ClientSession, number: int) -> None:
        nonlocal done
        headers = {"Authorization": f"Bearer token-{number}", "Accept": "application/json"}
        if number in etags:
            headers["If-None-Match"] = etags[number]
        async with session.get(url, headers=headers) as response:
            await response.read()
            if response.status == 304:
                done += 1
            else:
                response.raise_for_status()
                etags[number] = response.headers["ETag"]

    async def watch(session: aiohttp.ClientSession, number: int, interval: float) -> None:
        while True:
            async with places:
                await poll(session, number)
            await asyncio.sleep(interval)

    async def take_turns(session: aiohttp.ClientSession) -> None:
        while True:
            await poll(session, next(turn))

    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:
        if interval is None:
            workers = [tasks.create_task(take_turns(session)) for _ in range(at_once)]
        else:
            workers = [tasks.create_task(watch(session, number, interval)) for number in range(accounts)]
        while done < 5 * accounts:
            await asyncio.sleep(0.01)
        began, count, cpu = time.perf_counter(), done, time.process_time()
        await asyncio.sleep(seconds)
        elapsed, polled, used = time.perf_counter() - began, done - count, time.process_time() - cpu
        [worker.cancel() for worker in workers]
    return {"rate": polled / elapsed, "per_cpu_second": polled / used}
