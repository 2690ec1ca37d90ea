"""What a scripted server does with a call, and the client that makes it."""

from __future__ import annotations

import asyncio
from typing import Any

from kauneonga_async import KauneongaClient
from tests.data import example
from tests.wire import TOKEN, Exchange, WireServer, response

OK = response(body=example("message"))
BUSY = response(503, b"<html>busy</html>")


async def reset(exchange: Exchange) -> None:
    exchange.reset()


async def cut_in_body(exchange: Exchange) -> None:
    await exchange.send(OK[: len(OK) // 2])
    exchange.reset()


async def silence(exchange: Exchange) -> None:
    await asyncio.sleep(3600)


def connect(server: WireServer, **options: Any) -> KauneongaClient:
    return KauneongaClient(server.base_url, TOKEN, **options)
