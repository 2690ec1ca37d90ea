"""A web application with the same page twice: by our client, and by aiohttp and msgspec alone; and a page of many.

Run as ``python -m benchmarks.web_app BASE_URL``; it prints its port, and ends with SIGTERM.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import aiohttp
import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.contenders.aiohttp_msgspec import HEADERS, Single
from kauneonga_async import KauneongaClient
from kauneonga_async.errors import KauneongaError
from kauneonga_async.integrations.starlette import NDJSONResponse, answer_error, get_client, lifespan

CONNECTIONS = 100  # aiohttp's own default, for both

_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Single)


def make_app(base_url: str) -> Starlette:
    """Return the application."""

    @asynccontextmanager
    async def whole(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        make = lifespan(lambda: KauneongaClient(base_url, "sandbox-token", concurrency=CONNECTIONS))
        async with make(app) as state, aiohttp.ClientSession(headers=HEADERS) as session:
            yield {**state, "session": session}

    async def ours(request: Request) -> Response:
        message = await get_client(request).messages.get(1001)
        return Response(msgspec.json.encode(message.id))

    async def bare(request: Request) -> Response:
        async with request.state.session.get(f"{base_url}/v2/messages/1001") as response:
            response.raise_for_status()
            message = _decoder.decode(await response.read()).data
        return Response(msgspec.json.encode(message.id))

    async def many(request: Request) -> Response:
        first, last = date(2025, 1, 6), date(2025, 1, 12)
        return NDJSONResponse(get_client(request).messages.stream(first, last, record_type=msgspec.Raw))

    async def held(request: Request) -> Response:
        return Response(msgspec.json.encode(held_by(get_client(request))))

    async def busy(request: Request) -> Response:
        return Response(msgspec.json.encode(time.process_time()))

    pages = {"/ours": ours, "/bare": bare, "/many": many, "/held": held, "/busy": busy}
    return Starlette(
        routes=[Route(path, page) for path, page in pages.items()],
        lifespan=whole,
        exception_handlers={KauneongaError: answer_error},
    )


def held_by(client: KauneongaClient) -> dict[str, int]:
    """Return what a client holds that it would have given back if all of its calls had ended."""
    transport = client._transport  # noqa: SLF001 - what leaks shows nowhere else
    connectors = [session.connector for session in transport.sessions.open_sessions]
    return {
        "connections": sum(len(connector._acquired) for connector in connectors if connector),  # noqa: SLF001
        "places": transport._places.in_use,  # noqa: SLF001
        "streams": sum(task.get_name() == "kauneonga stream" for task in asyncio.all_tasks()),
    }


def main(base_url: str) -> None:
    """Serve."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(make_app(base_url), lifespan="on", log_level="error", access_log=False, ws="none")
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1])
