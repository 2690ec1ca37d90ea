"""The same small site in each framework, served over a real socket in the test's own loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import date
from typing import Annotated, Any

import msgspec
import uvicorn
from aiohttp import web
from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from kauneonga_async import KauneongaClient, RecordStream
from kauneonga_async.errors import KauneongaError
from kauneonga_async.integrations.aiohttp_web import CLIENT, answer_errors, client_context, send_ndjson
from kauneonga_async.integrations.starlette import NDJSONResponse, answer_error, get_client, lifespan

FIRST, LAST = date(2025, 1, 1), date(2025, 3, 31)


class Brief(msgspec.Struct):
    """What a browser needs to see."""

    id: int
    status: str


class Site:
    """A site that is running.

    Attributes:
        origin: Its scheme, host and port.
        client: Its client.
    """

    def __init__(self, origin: str, client: KauneongaClient) -> None:
        self.origin = origin
        self.client = client

    @property
    def is_at_rest(self) -> bool:
        """Whether no connection to Kauneonga is taken, and no stream runs."""
        session = self.client._transport.sessions._pooled
        taken = session is not None and session.connector._acquired  # type: ignore[union-attr]
        return not taken and not any("kauneonga" in task.get_name() for task in asyncio.all_tasks())

    async def rest(self, *, within: float = 0.5) -> None:
        """Wait until it is at rest."""
        async with asyncio.timeout(within):
            while not self.is_at_rest:
                await asyncio.sleep(0.001)


def stream_of(client: KauneongaClient, kind: str) -> RecordStream[Any]:
    match kind:
        case "brief":
            return client.messages.stream(FIRST, LAST, record_type=Brief)
        case "every":
            return client.messages.stream(record_type=msgspec.Raw)
    return client.messages.stream(FIRST, LAST, record_type=msgspec.Raw)


@asynccontextmanager
async def starlette_site(make: Callable[[], KauneongaClient], *middleware: Middleware) -> AsyncIterator[str]:
    async def message(request: Request) -> Response:
        found = await get_client(request).messages.get(request.path_params["id"], record_type=msgspec.Raw)
        return Response(bytes(found), media_type="application/json")

    async def messages(request: Request) -> Response:
        return NDJSONResponse(stream_of(get_client(request), request.path_params["kind"]))

    app = Starlette(
        routes=[
            Route("/message/{id:int}", message),
            Mount("/below", routes=[Route("/message/{id:int}", message)]),
            Route("/messages/{kind}", messages),
        ],
        lifespan=lifespan(make),
        middleware=list(middleware),
        exception_handlers={KauneongaError: answer_error},
    )
    async with served_by_uvicorn(app) as origin:
        yield origin


def wrapped_site(make: Callable[[], KauneongaClient]) -> AbstractAsyncContextManager[str]:
    async def pass_on(request: Request, call_next: Any) -> Response:
        answer: Response = await call_next(request)
        return answer

    return starlette_site(make, Middleware(BaseHTTPMiddleware, dispatch=pass_on))


@asynccontextmanager
async def fastapi_site(make: Callable[[], KauneongaClient]) -> AsyncIterator[str]:
    app = FastAPI(lifespan=lifespan(make), exception_handlers={KauneongaError: answer_error})

    async def message(id: int, client: _Client) -> Response:  # noqa: A002 - the path's name for it
        found = await client.messages.get(id, record_type=msgspec.Raw)
        return Response(bytes(found), media_type="application/json")

    async def messages(kind: str, client: _Client) -> NDJSONResponse:
        return NDJSONResponse(stream_of(client, kind))

    app.get("/message/{id}")(message)
    app.get("/below/message/{id}")(message)
    app.api_route("/messages/{kind}", methods=["GET", "HEAD"])(messages)
    async with served_by_uvicorn(app) as origin:
        yield origin


_Client = Annotated[KauneongaClient, Depends(get_client)]


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # they are pytest's


@asynccontextmanager
async def served_by_uvicorn(app: Any) -> AsyncIterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = _Server(uvicorn.Config(app, log_config=None, lifespan="on", http="h11", timeout_graceful_shutdown=1))
        serving = asyncio.create_task(server.serve([listener]))
        while not server.started:
            await asyncio.sleep(0.001)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def aiohttp_site(make: Callable[[], KauneongaClient]) -> AsyncIterator[str]:
    async def message(request: web.Request) -> web.Response:
        client = request.config_dict[CLIENT]
        found = await client.messages.get(int(request.match_info["id"]), record_type=msgspec.Raw)
        return web.Response(body=bytes(found), content_type="application/json")

    async def messages(request: web.Request) -> web.StreamResponse:
        return await send_ndjson(request, stream_of(request.config_dict[CLIENT], request.match_info["kind"]))

    below = web.Application()
    below.router.add_get("/message/{id}", message)
    app = web.Application(middlewares=[answer_errors])
    app.router.add_get("/message/{id}", message)
    app.router.add_get("/messages/{kind}", messages)
    app.add_subapp("/below", below)
    app.cleanup_ctx.append(client_context(make))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield "http://{}:{}".format(*runner.addresses[0][:2])
    finally:
        await runner.cleanup()


SITES = {
    "fastapi": fastapi_site,
    "starlette": starlette_site,
    "starlette-middleware": wrapped_site,
    "aiohttp.web": aiohttp_site,
}


@asynccontextmanager
async def site(framework: str, base_url: str, token: str) -> AsyncIterator[Site]:
    made: list[KauneongaClient] = []

    def make() -> KauneongaClient:
        made.append(KauneongaClient(base_url, token, max_retries=0))
        return made[-1]

    async with SITES[framework](make) as origin:
        assert len(made) == 1
        yield Site(origin, made[0])
    assert made[0].closed
    assert len(made) == 1
