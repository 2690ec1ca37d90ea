"""openai-python's client, as its own resources call it: any path, a model of pydantic's, which it does not validate."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
from pydantic import create_model

from benchmarks.contenders.httpx_pydantic import FIELDS
from benchmarks.laps import Laps

Message: Any = create_model(
    "Message", __base__=openai.BaseModel, id=(int, ...), answers=(dict[str, Any] | None, None), **FIELDS
)
Single: Any = create_model("Single", __base__=openai.BaseModel, data=(Message, ...))


def get(base_url: str, count: int) -> dict[str, Any]:
    """Get one message again and again."""

    async def measure() -> dict[str, Any]:
        laps = Laps()
        async with openai.AsyncOpenAI(base_url=base_url, api_key="sandbox-token") as client:
            for _ in range(count):
                with laps.lap():
                    message = (await client.get("/v2/messages/1001", cast_to=Single)).data
                assert message.id
        return laps.each()

    return asyncio.run(measure())
