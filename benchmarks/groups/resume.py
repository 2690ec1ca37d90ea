"""Resume: an export that has nothing left to do."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

from benchmarks.processes import contend, server
from benchmarks.rows import Row

PARTS = 10_000
FIRST, LAST = "1998-01-01", "2025-05-18"  # as many days
MESSAGES = 20_000


def resume(rounds: int) -> Iterator[Row]:
    """Export many days, a file each, then start the same export again, in another process."""
    with server(MESSAGES, FIRST, LAST) as base_url, tempfile.TemporaryDirectory() as folder:
        job = {"base_url": base_url, "first": FIRST, "last": LAST, "window": 1, "folder": f"{folder}/ours"}
        whole = contend("ours", "export", **job)
        runs = [contend("ours", "export", **job) for _ in range(rounds)]
    assert whole["parts"] == PARTS
    assert all(run["parts"] == 0 and run["kept"] == PARTS for run in runs)
    yield Row(
        what="an export of 10,000 files that has nothing left to do",
        result=min(run["seconds"] for run in runs),
        target=1.0,
        unit="s",
        details={"the export itself, s": whole["seconds"]},
    )
