"""Vitals: what this process holds, sampled as it runs, and whether it grows."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import statistics
from pathlib import Path
from typing import NamedTuple

__all__ = ["Vitals", "growth", "sample"]

MEGABYTE = 1024 * 1024


class Vitals(NamedTuple):
    """What a process holds.

    Attributes:
        seconds: When, on the loop's clock.
        memory: Bytes resident.
        descriptors: Files and sockets that are open.
        tasks: Tasks of the event loop.
        threads: Threads.
    """

    seconds: float
    memory: int
    descriptors: int
    tasks: int
    threads: int


def sample() -> Vitals:
    """Return what this process holds now, garbage and what malloc could give back not counted."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Vitals(
        asyncio.get_running_loop().time(),
        pages * os.sysconf("SC_PAGE_SIZE"),
        len([*Path("/proc/self/fd").iterdir()]),
        len(asyncio.all_tasks()),
        len([*Path("/proc/self/task").iterdir()]),
    )


def growth(samples: list[Vitals]) -> float:
    """Return by how many megabytes memory has grown over the later two thirds, which are not the start's."""
    later = samples[len(samples) // 3 :]
    if len(later) < 2:
        return 0.0
    slope = statistics.linear_regression([s.seconds for s in later], [s.memory / MEGABYTE for s in later]).slope
    return slope * (later[-1].seconds - later[0].seconds)
