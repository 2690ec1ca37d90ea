"""What is measured, by group."""

from collections.abc import Callable, Iterator

from benchmarks.groups.export import export
from benchmarks.groups.imports import imports
from benchmarks.groups.latency import latency
from benchmarks.groups.stream import stream
from benchmarks.groups.windows import rate_limit, windows
from benchmarks.rows import Row

__all__ = ["GROUPS"]

GROUPS: dict[str, Callable[[int], Iterator[Row]]] = {
    "stream": stream,
    "latency": latency,
    "export": export,
    "windows": windows,
    "rate": rate_limit,
    "imports": imports,
}
