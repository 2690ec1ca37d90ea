"""What is measured, by group."""

from collections.abc import Callable, Iterator

from benchmarks.groups.dask import dask
from benchmarks.groups.export import export
from benchmarks.groups.fleet import fleet
from benchmarks.groups.imports import imports
from benchmarks.groups.latency import latency
from benchmarks.groups.memory import memory
from benchmarks.groups.parquet import export_parquet
from benchmarks.groups.recordings import recordings
from benchmarks.groups.resume import resume
from benchmarks.groups.stream import stream
from benchmarks.groups.web import web
from benchmarks.groups.windows import rate_limit, windows
from benchmarks.rows import Row

__all__ = ["GROUPS"]

GROUPS: dict[str, Callable[[int], Iterator[Row]]] = {
    "stream": stream,
    "latency": latency,
    "memory": memory,
    "export": export,
    "parquet": export_parquet,
    "dask": dask,
    "resume": resume,
    "recordings": recordings,
    "fleet": fleet,
    "web": web,
    "windows": windows,
    "rate": rate_limit,
    "imports": imports,
}
