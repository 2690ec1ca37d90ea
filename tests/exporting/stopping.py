"""Stopping an export after so many reports of its progress."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from kauneonga_async import ExportReport


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


def _cancel_export() -> None:
    for task in asyncio.all_tasks():
        if "export_messages" in repr(task.get_coro()):
            task.cancel()
