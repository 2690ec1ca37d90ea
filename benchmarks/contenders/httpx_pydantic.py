"""httpx and pydantic by hand: what most typed clients are made of."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, Field, create_model

from benchmarks.contenders import TIMES
from benchmarks.memory import peak
from kauneonga_async.models import Message as Struct

HEADERS = {"Authorization": "Bearer sandbox-token", "Accept": "application/json"}

# The same fields with the same types; a name that pydantic reserves for itself would need an alias, and there is none.
FIELDS: dict[str, Any] = {
    field.encode_name: (field.type, Field(default=None))
    for field in __import__("msgspec").structs.fields(Struct)
    if field.name not in ("id", "answers")
}


class Base(BaseModel):
    """As pydantic is without options."""

    model_config = ConfigDict(extra="ignore")
    id: int
    answers: dict[str, Any] | None = None


Message = create_model("Message", __base__=Base, **FIELDS)


class Listing(BaseModel):
    """A list's envelope."""

    data: list[Message]  # type: ignore[valid-type]


class Single(BaseModel):
    """An object's envelope."""

    data: Message  # type: ignore[valid-type]


def stream(url: str, warm_url: str, times: int = TIMES) -> dict[str, float]:
    """Read one window."""

    async def measure() -> dict[str, float]:
        async with httpx.AsyncClient(headers=HEADERS, timeout=60) as client:
            await client.get(warm_url)
            before, seconds, count = peak(), list[float](), 0
            for _ in range(times):
                began, count = time.perf_counter(), 0
                response = await client.get(url)
                response.raise_for_status()
                for message in Listing.model_validate_json(response.content).data:
                    count += message.id > 0  # type: ignore[attr-defined]
                seconds.append(time.perf_counter() - began)
            return {"seconds": seconds[0], "again": min(seconds), "records": count, "grown": peak() - before}

    return asyncio.run(measure())


def get(url: str, count: int) -> dict[str, Any]:
    """Get one message again and again."""

    async def measure() -> list[float]:
        seconds = []
        async with httpx.AsyncClient(headers=HEADERS) as client:
            for _ in range(count):
                began = time.perf_counter()
                response = await client.get(url)
                response.raise_for_status()
                message = Single.model_validate_json(response.content).data
                seconds.append(time.perf_counter() - began)
                assert message
        return seconds

    return {"latencies": asyncio.run(measure())}
