"""The import."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.processes import compiled
from benchmarks.rows import Row


def imports(rounds: int) -> Iterator[Row]:
    """What it takes to import the client, beside its libraries, compiled as installed packages are."""
    env = compiled()
    statements = ("import aiohttp, msgspec", "from kauneonga_async import KauneongaClient")
    for statement in statements:
        _seconds_to_run(statement, env)
    times: dict[str, list[float]] = {statement: [] for statement in statements}
    for _ in range(rounds * 3):
        for statement in statements:
            times[statement].append(_seconds_to_run(statement, env))
    libraries, ours = (statistics.median(values) * 1e3 for values in times.values())
    yield Row(
        what="importing the client, against aiohttp + msgspec",
        result=ours / libraries,
        target=1.25,
        details={"ours, ms": ours, "theirs, ms": libraries},
    )


def _seconds_to_run(statement: str, env: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], env=env, check=True)
    return time.perf_counter() - began
