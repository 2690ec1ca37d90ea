"""aiohttp and msgspec by hand: the whole body is read, then decoded.

Its structs have the fields and types of ours and are otherwise as msgspec makes them; once more with ours, which the
garbage collector does not track, so that only the way of decoding differs.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import msgspec

from benchmarks.contenders import TIMES
from benchmarks.laps import Laps
from kauneonga_async.models import Message

_FIELDS = [(field.encode_name, field.type, field.default) for field in msgspec.structs.fields(Message)]
Plain: Any = msgspec.defstruct(
    "Plain", [field if field[2] is not msgspec.NODEFAULT else field[:2] for field in _FIELDS]
)
Listing: Any = msgspec.defstruct("Listing", [("data", list[Plain])])
ListingOfOurs: Any = msgspec.defstruct("ListingOfOurs", [("data", list[Message])])
Single: Any = msgspec.defstruct("Single", [("data", Plain)])


HEADERS = {"Authorization": "Bearer sandbox-token", "Accept": "application/json"}


def stream(url: str, warm_url: str, times: int = TIMES) -> dict[str, float]:
    """Read one window."""
    return _stream(url, warm_url, Listing, times)


def stream_of_ours(url: str, warm_url: str) -> dict[str, float]:
    """Read one window, with our structs."""
    return _stream(url, warm_url, ListingOfOurs, TIMES)


def _stream(url: str, warm_url: str, listing: Any, times: int) -> dict[str, float]:
    async def measure() -> dict[str, float]:
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            async with session.get(warm_url) as response:
                await response.read()
            laps, count = Laps(), 0
            for _ in range(times):
                count = 0
                with laps.lap():
                    async with session.get(url) as response:
                        response.raise_for_status()
                        body = await response.read()
                    for message in msgspec.json.decode(body, type=listing).data:
                        count += message.id > 0
            return laps.result(count)

    return asyncio.run(measure())


def get(url: str, count: int) -> dict[str, Any]:
    """Get one message again and again."""
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Single)

    async def measure() -> dict[str, Any]:
        laps = Laps()
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            for _ in range(count):
                with laps.lap():
                    async with session.get(url) as response:
                        response.raise_for_status()
                        message = decoder.decode(await response.read()).data
                assert message.id
        return laps.each()

    return asyncio.run(measure())
