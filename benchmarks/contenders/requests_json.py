"""requests and json by hand: the script that everybody writes first; no types."""

from __future__ import annotations

import time

import requests

from benchmarks.contenders import TIMES
from benchmarks.memory import peak

HEADERS = {"Authorization": "Bearer sandbox-token", "Accept": "application/json"}


def stream(url: str, warm_url: str, times: int = TIMES) -> dict[str, float]:
    """Read one window."""
    with requests.Session() as session:
        session.headers.update(HEADERS)
        session.get(warm_url, timeout=60)
        before, seconds, count = peak(), list[float](), 0
        for _ in range(times):
            began, count = time.perf_counter(), 0
            response = session.get(url, timeout=60)
            response.raise_for_status()
            for message in response.json()["data"]:
                count += message["id"] > 0
            seconds.append(time.perf_counter() - began)
        return {"seconds": seconds[0], "again": min(seconds), "records": count, "grown": peak() - before}
