"""openai-python's client, as its own resources call it: any path, a model of pydantic's, which it does not validate."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import openai
from pydantic import create_model

from benchmarks.contenders.httpx_pydantic import FIELDS

Message: Any = create_model(
    "Message", __base__=openai.BaseModel, id=(int, ...), answers=(dict[str, Any] | None, None), **FIELDS
)
Single: Any = create_model("Single", __base__=openai.BaseModel, data=(Message, ...))


def get(base_url: str, count: int) -> dict[str, Any]:
    """Get one message again and again."""

    async def measure() -> list[float]:
        seconds = []
        async with openai.AsyncOpenAI(base_url=base_url, api_key="sandbox-token") as client:
            for _ in range(count):
                began = time.perf_counter()
                message = (await client.get("/v2/messages/1001", cast_to=Single)).data
                seconds.append(time.perf_counter() - began)
                assert message.id
        return seconds

    return {"latencies": asyncio.run(measure())}
