"""twilio-python's asynchronous client, and json on the text that it hands out, as its own resources do; no types."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from twilio.http.async_http_client import AsyncTwilioHttpClient

HEADERS = {"Authorization": "Bearer sandbox-token", "Accept": "application/json"}


def get(url: str, count: int) -> dict[str, Any]:
    """Get one message again and again."""

    async def measure() -> list[float]:
        seconds = []
        async with AsyncTwilioHttpClient() as client:
            for _ in range(count):
                began = time.perf_counter()
                response = await client.request("GET", url, headers=HEADERS)
                assert response.status_code == 200
                message = json.loads(response.text)["data"]
                seconds.append(time.perf_counter() - began)
                assert message["id"]
        return seconds

    return {"latencies": asyncio.run(measure())}
