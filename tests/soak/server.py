"""The soak's server: the sandbox in a process of its own, so that what it holds is not taken for the client's."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, Final

from kauneonga_async.sandbox import FAULT_KINDS, Fault, Sandbox

__all__ = ["RECORDINGS", "START", "STOP", "TOKEN", "WORLD", "served"]

START: Final = date(2025, 1, 1)
STOP: Final = date(2025, 3, 31)
RECORDINGS: Final = 40
TOKEN: Final = "soak-token"
WORLD: Final[dict[str, Any]] = {"seed": 5, "messages": 2000, "start": START, "end": STOP, "recordings": RECORDINGS}

FAULT_RATE = 0.06
# These are dear: the client waits for its timeout, or the whole account for a second, and is slow for a while.
STALL_RATE = 0.0003  # a call whose answer stalls has one deadline for all its tries: it fails, as it should
THROTTLE_RATE = 0.0003

_READING = [fault for kind, fault in FAULT_KINDS.items() if kind != "429"]
_READING += [Fault(cut_after=90_000), Fault(delay=0.3)]
_CREATING = [
    Fault(reset=True),
    Fault(reset=True, processed=True),
    Fault(status=500),
    Fault(status=500, processed=True),
    Fault(status=503, processed=True),
]


def faults(method: str, path: str) -> Fault | None:
    """Return what goes wrong with a request, if anything."""
    chance = random.random()
    if method == "POST":
        return random.choice(_CREATING) if chance < 4 * FAULT_RATE else None
    if chance < THROTTLE_RATE:
        return FAULT_KINDS["429"]
    if chance < THROTTLE_RATE + STALL_RATE:
        return Fault(stall_after=500)
    return random.choice(_READING) if chance < FAULT_RATE else None


async def main() -> None:
    """Serve until stdin ends."""
    async with Sandbox(**WORLD, token=TOKEN, faults=faults, latency=0.002) as sandbox:
        print(sandbox.base_url, flush=True)
        over = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        while not over.done():
            sandbox.requests.clear()  # noted for tests, and not looked at here
            await asyncio.sleep(0.5)


@contextmanager
def served() -> Iterator[str]:
    """Run the server for as long as a block lasts; yield its base URL."""
    command = [sys.executable, "-m", "tests.soak.server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


if __name__ == "__main__":
    asyncio.run(main())
