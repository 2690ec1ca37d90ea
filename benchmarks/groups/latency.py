"""One message: the latency of ``messages.get``."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from benchmarks.processes import contend, server
from benchmarks.rows import Row


def latency(rounds: int) -> Iterator[Row]:
    """``messages.get``: median latency."""
    with server(10, "2025-01-06", "2025-01-12") as base_url:
        url = f"{base_url}/v2/messages/1001"
        medians: dict[str, list[float]] = {"ours": [], "aiohttp_msgspec": [], "httpx_pydantic": []}
        for _ in range(2 * rounds):
            for name, values in medians.items():
                arguments = {"base_url": base_url} if name == "ours" else {"url": url}
                latencies = contend(name, "get", count=1500, **arguments)["latencies"]
                values.append(statistics.median(latencies[300:]) * 1e6)
    ours, bare, typed = (min(values) for values in medians.values())
    details = {"ours, us": ours, "aiohttp + msgspec, us": bare, "httpx + pydantic, us": typed}
    yield Row(
        what="messages.get, median latency, against aiohttp + msgspec", result=ours / bare, target=1.15, details=details
    )
    yield Row(what="messages.get, median latency, against httpx + pydantic", result=ours / typed, target=0.35)
