"""requests and json by hand: the script that everybody writes first; no types."""

from __future__ import annotations

import requests

from benchmarks.contenders import TIMES
from benchmarks.laps import Laps

HEADERS = {"Authorization": "Bearer sandbox-token", "Accept": "application/json"}


def stream(url: str, warm_url: str, times: int = TIMES) -> dict[str, float]:
    """Read one window."""
    with requests.Session() as session:
        session.headers.update(HEADERS)
        session.get(warm_url, timeout=60)
        laps, count = Laps(), 0
        for _ in range(times):
            count = 0
            with laps.lap():
                response = session.get(url, timeout=60)
                response.raise_for_status()
                for message in response.json()["data"]:
                    count += message["id"] > 0
        return laps.result(count)
