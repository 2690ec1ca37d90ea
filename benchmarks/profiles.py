"""Profiles: where the processor's time goes, by library: ``python -m benchmarks.profiles stream`` (Linux, perf)."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from benchmarks.groups.export import FIRST, LAST
from benchmarks.groups.stream import RECORDS_IN_30_MB, WEEK
from benchmarks.processes import compiled, server, watched

# By what is in the name of a file that code was loaded from; the first that fits.
LIBRARIES = {
    "_core.cpython": "msgspec",
    "libarrow": "Arrow",
    "libparquet": "Arrow",
    "pyarrow": "Arrow",
    "lib.cpython": "Arrow",
    "kernel": "kernel",
    "libcrypto": "SHA-256",
    "python": "interpreter",
    "libc.so": "libc: copies, searches",
}


class Hot(NamedTuple):
    """A hot path: a contender's function and its arguments, its server, and what it does many of."""

    module: str
    function: str
    unit: str
    server: tuple[Any, ...]
    arguments: dict[str, Any]


STREAM = {"first": WEEK[0], "last": WEEK[1]}
EXPORT = {"first": FIRST, "last": LAST, "window": 7}
HOT = {
    "stream": Hot("ours", "stream", "message", (RECORDS_IN_30_MB, *WEEK), {**STREAM, "times": 20}),
    "get": Hot("ours", "get", "call", (10, *WEEK), {"count": 10_000}),
    "export": Hot("ours", "export", "message", (8 * RECORDS_IN_30_MB, FIRST, LAST), EXPORT),
    "parquet": Hot("ours", "export", "message", (4 * RECORDS_IN_30_MB, FIRST, LAST), {**EXPORT, "form": "parquet"}),
    "recordings": Hot("ours", "recordings", "file", (1, *WEEK, 1000, 60_000), {"concurrency": 16}),
    "watch": Hot("our_fleet", "polls", "poll", (), {"accounts": 1000, "seconds": 5.0, "at_once": 16}),
}


def main() -> None:
    """Profile what is asked for, and print a table of each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profiles", description=__doc__)
    parser.add_argument("paths", nargs="*", help=f"some of {', '.join(HOT)}; all of them without")
    for name in parser.parse_args().paths or HOT:
        shares, cost = profile(HOT[name])
        print(f"{name}: {cost:,.2f} us of processor time a {HOT[name].unit}")
        for library, share in sorted(shares.items(), key=lambda item: -item[1]):
            print(f"    {library:32}{share:7.1%}{share * cost:9.2f} us")


def profile(hot: Hot) -> tuple[dict[str, float], float]:
    """Run a contender under perf; return each library's share, and the processor's microseconds for one of many."""
    with tempfile.TemporaryDirectory() as folder, _served(hot) as base_url:
        arguments = {"base_url": base_url, **hot.arguments}
        if hot.function in ("export", "recordings"):
            arguments["folder"] = f"{folder}/files"
        control, data = f"{folder}/control", f"{folder}/perf.data"
        os.mkfifo(control)
        contender = [sys.executable, "-m", "benchmarks.contenders", hot.module, hot.function, json.dumps(arguments)]
        # Nothing is recorded before all is imported: the contender says when.
        command = ["perf", "record", "-q", "-e", "cpu-clock", "-F", "2000", "-D", "-1", "--control", f"fifo:{control}"]
        env = {**compiled(), "BENCHMARKS_PERF_CONTROL": control}
        done = subprocess.run([*command, "-o", data, *contender], capture_output=True, text=True, env=env, check=True)
        return _shares(data), _cost(json.loads(done.stdout))


def _cost(result: dict[str, Any]) -> float:
    if "per_cpu_second" in result:
        return 1e6 / float(result["per_cpu_second"])
    if "records" in result:
        return float(result["processor"] / result["records"]) * 1e6
    return float(statistics.mean(result["processor"])) * 1e6


@contextmanager
def _served(hot: Hot) -> Iterator[str]:
    if not hot.server:
        with watched(18) as base_url:
            yield base_url
        return
    messages, first, last, *audio = hot.server
    more = dict(zip(("recordings", "audio_bytes"), audio, strict=False))
    with server(messages, first, last, **more) as base_url:
        yield base_url


def _shares(data: str) -> dict[str, float]:
    command = ["perf", "report", "-i", data, "--no-children", "--sort", "dso", "-g", "none", "--stdio"]
    report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    shares: dict[str, float] = defaultdict(float)
    for line in report.splitlines():
        if line.strip() and not line.startswith("#"):
            share, _, name = line.strip().partition("%")
            shares[next((told for part, told in LIBRARIES.items() if part in name), "other")] += float(share) / 100
    return shares


if __name__ == "__main__":
    main()
