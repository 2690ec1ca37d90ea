"""Killing exports, at instants that nobody chose."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any


class Executioner:
    """Starts exports and kills them."""

    def __init__(self, victims: Process, order: dict[str, Any], seed: int) -> None:
        self._victims = victims
        self._order = order
        self._random = random.Random(seed)
        self.kills = 0

    async def run(self, within: float | None) -> bool:
        """Start an export, and kill it after a time that is shorter than that; return whether it came to its end."""
        outcome = Path(self._order["outcome"])
        outcome.unlink(missing_ok=True)
        assert self._victims.stdin is not None
        assert self._victims.stdout is not None
        self._victims.stdin.write(json.dumps(self._order).encode() + b"\n")
        child = int(await self._victims.stdout.readline())
        if within is not None:
            await asyncio.sleep(self._random.uniform(0, within))
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
                self.kills += 1
        while _is_alive(child):
            await asyncio.sleep(0.005)
        return outcome.exists() and outcome.read_text(encoding="ascii") == "0"

    async def let_live(self) -> None:
        """Start it, and let it come to its end; the server's faults may end it early, too, once or twice."""
        for _ in range(5):
            if await self.run(None):
                return
        raise AssertionError("it came to no end")


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@asynccontextmanager
async def victims() -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.exporting.victim", stdin=PIPE, stdout=PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()
