"""One message: the latency of ``messages.get``."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from benchmarks.processes import contend, server
from benchmarks.rows import Row

# By module: name and target. Who is given the URL of the API makes that of the message by itself.
PEERS: dict[str, tuple[str, float | None]] = {
    "aiohttp_msgspec": ("aiohttp + msgspec", 1.15),
    "twilio_client": ("twilio-python's client, untyped", None),
    "openai_client": ("openai-python's client", None),
    "httpx_pydantic": ("httpx + pydantic", 0.35),
}
GIVEN_THE_API = ("ours", "openai_client")


def latency(rounds: int) -> Iterator[Row]:
    """``messages.get``: median latency."""
    runs: dict[str, list[dict[str, list[float]]]] = {name: [] for name in ("ours", *PEERS)}
    with server(10, "2025-01-06", "2025-01-12") as base_url:
        for _ in range(2 * rounds):
            for module, done in runs.items():
                where = {"base_url": base_url} if module in GIVEN_THE_API else {"url": f"{base_url}/v2/messages/1001"}
                done.append(contend(module, "get", count=1500, **where))
    best, used = (
        {module: min(statistics.median(laps[which][300:]) for laps in done) * 1e6 for module, done in runs.items()}
        for which in ("seconds", "processor")
    )
    for module, (name, target) in PEERS.items():
        yield Row(
            what=f"messages.get, median latency, against {name}",
            result=best["ours"] / best[module],
            target=target,
            processor=used["ours"] / used[module],
            details={"ours, us": best["ours"], f"{name}, us": best[module]},
            series="get",
        )
