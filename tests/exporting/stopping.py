"""Stopping an export after so many reports of its progress."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from kauneonga_async import ExportReport, KauneongaClient, ServerCalendar
from kauneonga_async.sandbox import Sandbox

Export = Callable[[KauneongaClient, int], Coroutine[Any, Any, ExportReport]]
"""Makes a run of ``export_messages``, given how many before it were stopped."""


def stop_after(count: int) -> Callable[[ExportReport], None]:
    left = count

    def stop(report: ExportReport) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            task = asyncio.current_task()
            assert task is not None
            task.get_loop().call_soon(_cancel_export)

    return stop


async def stopped_again_and_again(sandbox: Sandbox, export: Export, calendar: ServerCalendar) -> int:
    """Run an export until it is stopped no more; return how often it was.

    Each run has a client of its own, as a process has: what a stopped one spent of its retries stays spent.
    """
    stops = 0
    while True:
        async with KauneongaClient(sandbox.base_url, sandbox.token, calendar=calendar, max_retries=40) as client:
            task = asyncio.create_task(export(client, stops))
            try:
                await task
            except asyncio.CancelledError:
                stops += 1
            else:
                return stops


def _cancel_export() -> None:
    for task in asyncio.all_tasks():
        if "export_messages" in repr(task.get_coro()):
            task.cancel()
