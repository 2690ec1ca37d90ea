"""JSON Lines: bytes a second onto the disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

from benchmarks.groups.stream import RECORDS_IN_30_MB
from benchmarks.processes import contend, curl, server
from benchmarks.rows import Row

FIRST, LAST = "2025-01-01", "2025-01-28"
# As we ask for these four weeks, with their padding: all fetch the same bodies.
WEEKS = (
    ("12-31-2024", "01-09-2025"),
    ("01-07-2025", "01-16-2025"),
    ("01-14-2025", "01-23-2025"),
    ("01-21-2025", "01-30-2025"),
)
PEERS: dict[str, tuple[str, float | None]] = {
    "curl": ("curl -o", 0.5),
    "aiohttp_json": ("an aiohttp + json script", 5.0),
    "aiohttp_raw": ("aiohttp + msgspec.Raw, nothing kept safe", None),
}


def export(rounds: int) -> Iterator[Row]:
    """Measure four windows of 40 MB each."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in ("ours", *PEERS)}
    with server(RECORDS_IN_30_MB * 4, FIRST, LAST) as base_url:
        urls = [f"{base_url}/v2/messages?from_date={first}&to_date={last}" for first, last in WEEKS]
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                mine = contend(
                    "ours", "export", base_url=base_url, first=FIRST, last=LAST, window=7, folder=f"{folder}/ours"
                )
                runs["ours"].append(mine)
                runs["curl"].append(curl(urls, f"{folder}/curl"))
                for name in ("aiohttp_json", "aiohttp_raw"):
                    runs[name].append(contend(name, "export", urls=urls, folder=f"{folder}/{name}"))
    size = runs["ours"][0]["bytes"]
    best = {name: size / min(run["seconds"] for run in done) / 1e6 for name, done in runs.items()}
    used = {name: min(run["processor"] for run in done) for name, done in runs.items()}
    for name, (title, target) in PEERS.items():
        yield Row(
            what=f"JSON Lines export, bytes/s, against {title}",
            result=best["ours"] / best[name],
            target=target,
            at_least=True,
            processor=used["ours"] / used[name],
            details={"ours, MB/s": best["ours"], f"{title}, MB/s": best[name]},
            series="export",
        )
