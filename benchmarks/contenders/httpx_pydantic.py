"""httpx and pydantic by hand: what most typed clients are made of."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, Field, create_model

from benchmarks.contenders import TIMES
from benchmarks.laps import Laps
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
            laps, count = Laps(), 0
            for _ in range(times):
                count = 0
                with laps.lap():
                    response = await client.get(url)
                    response.raise_for_status()
                    for message in Listing.model_validate_json(response.content).data:
                        count += message.id > 0  # type: ignore[attr-defined]
            return laps.result(count)

    return asyncio.run(measure())


def get(url: str, count: int) -> dict[str, Any]:
    """Get one message again and again."""

    async def measure() -> dict[str, Any]:
        laps = Laps()
        async with httpx.AsyncClient(headers=HEADERS) as client:
            for _ in range(count):
                with laps.lap():
                    response = await client.get(url)
                    response.raise_for_status()
                    message = Single.model_validate_json(response.content).data
                assert message
        return laps.each()

    return asyncio.run(measure())
