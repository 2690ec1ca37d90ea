"""Laps: how long something takes, by the clock and of the processor, each time that it is done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.memory import begin_anew, peak

__all__ = ["Laps"]


class Laps:
    """Measures what is done once or more, in this process."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.processor: list[float] = []
        self._before = begin_anew()

    @contextmanager
    def lap(self) -> Iterator[None]:
        """Measure what is done within."""
        began, used = time.perf_counter(), time.process_time()
        yield
        self.seconds.append(time.perf_counter() - began)
        self.processor.append(time.process_time() - used)

    def result(self, records: int) -> dict[str, float]:
        """Return the first lap, the fastest, and by how much the process has grown.

        The processor's time is of all threads of this process, and of the kernel on their behalf.
        """
        return {
            "seconds": self.seconds[0],
            "again": min(self.seconds),
            "processor": self.processor[0],
            "records": records,
            "grown": peak() - self._before,
            "peak": peak(),
        }

    def each(self) -> dict[str, list[float]]:
        """Return every lap."""
        return {"seconds": self.seconds, "processor": self.processor}
