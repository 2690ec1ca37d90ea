"""Recordings: bytes a second onto the disk, against curl with as many transfers at once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.processes import contend, curl, server
from benchmarks.rows import Row

AT_ONCE = 16


class Case(NamedTuple):
    """Files that are downloaded: what they are, how many, of how many bytes, and how the server sends them."""

    what: str
    files: int
    size: int
    server: dict[str, float]


CASES = [
    Case("of 1 MB", 200, 1_000_000, {}),
    Case("of 60 kB", 1000, 60_000, {}),
    # A telephone call of three minutes, and a network in between: what users have, but no proof of speed.
    Case("of 1 MB over a network", 200, 1_000_000, {"latency": 0.03, "pace": 5_000_000}),
]


def recordings(rounds: int) -> Iterator[Row]:
    """Measure files of a long call and of a short one, and the former from over a network too."""
    for what, count, size, kind in CASES:
        ours: list[dict[str, float]] = []
        theirs: list[dict[str, float]] = []
        with server(1, "2025-01-01", "2025-01-01", recordings=count, audio_bytes=size, **kind) as base_url:
            host = base_url.removesuffix("/api")
            urls = [f"{host}/audio/{number}.mp3" for number in range(1, count + 1)]
            for _ in range(rounds):
                with tempfile.TemporaryDirectory() as folder:
                    mine = contend(
                        "ours", "recordings", base_url=base_url, folder=f"{folder}/ours", concurrency=AT_ONCE
                    )
                    assert mine["records"] == count
                    ours.append(mine)
                    theirs.append(curl(urls, f"{folder}/curl", at_once=AT_ONCE))
        best, curls = (min(run["seconds"] for run in runs) for runs in (ours, theirs))
        yield Row(
            what=f"recordings {what}, bytes/s, against curl",
            result=curls / best,
            target=0.8,
            at_least=True,
            processor=min(run["processor"] for run in ours) / min(run["processor"] for run in theirs),
            details={"ours, MB/s": count * size / best / 1e6, "curl, MB/s": count * size / curls / 1e6},
        )
