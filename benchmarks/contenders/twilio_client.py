"""twilio-python's asynchronous client, and json on the text that it hands out, as its own resources do; no types."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from twilio.http.async_http_client import AsyncTwilioHttpClient

from benchmarks.laps import Laps

HEADERS = {"Authorization": "Bearer sandbox-token", "Accept": "application/json"}


def get(url: str, count: int) -> dict[str, Any]:
    """Get one message again and again."""

    async def measure() -> dict[str, Any]:
        laps = Laps()
        async with AsyncTwilioHttpClient() as client:
            for _ in range(count):
                with laps.lap():
                    response = await client.request("GET", url, headers=HEADERS)
                    assert response.status_code == 200
                    message = json.loads(response.text)["data"]
                assert message["id"]
        return laps.each()

    return asyncio.run(measure())
