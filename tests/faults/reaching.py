"""Cases: servers that cannot be reached, or are not who they should be."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from kauneonga_async import Event, KauneongaClient
from kauneonga_async.errors import ConfigurationError, ConnectionFailed, KauneongaError, RequestTimeout
from tests.faults.cases import case
from tests.faults.harness import CANARY, assert_nothing_is_held, assert_nothing_leaks, attempt, faces_of, good_body
from tests.faults.table import RETRIES, SURFACES
from tests.wire import TOKEN, Exchange, WireServer, response

AREA = "reaching the server"


async def every_call_fails(
    base_url: str, error: type[KauneongaError], says: str, *, tries: int = RETRIES + 1, **options: Any
) -> None:
    events: list[Event] = []
    made_with = {"max_retries": RETRIES, "timeout": 5.0, "on_event": events.append, **options}
    async with KauneongaClient(base_url, TOKEN, **made_with) as client:
        for surface in SURFACES:
            events.clear()
            with pytest.raises(error, match=says) as caught:
                await attempt(client, surface)
            assert [event.kind for event in events].count("try") == tries, surface
            assert_nothing_leaks([str(events), *faces_of(caught.value)])
            assert_nothing_is_held(client)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@case(AREA, "nobody listens at the port", "`ConnectionFailed` after all tries, a creation too: it was surely not sent")
async def refused(folder: Path) -> None:
    del folder
    await every_call_fails(f"http://127.0.0.1:{free_port()}", ConnectionFailed, "refused|connect")


@case(AREA, "a host name that there is not", "`ConnectionFailed` after two tries")
async def unknown_host(folder: Path) -> None:
    del folder
    await every_call_fails("https://nowhere.invalid", ConnectionFailed, "no such host", tries=2)


@case(AREA, "a proxy that nobody runs", "`ConnectionFailed`, which names the proxy's trouble and not its password")
async def no_proxy(folder: Path) -> None:
    del folder
    proxy = f"http://user:{CANARY}@127.0.0.1:{free_port()}"
    await every_call_fails("http://127.0.0.1:9", ConnectionFailed, "refused|connect|proxy", proxy=proxy)


@case(AREA, "a proxy that wants a password (407)", "`ConnectionFailed` at once")
async def proxy_wants_password(folder: Path) -> None:
    del folder

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        proxy = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await every_call_fails("https://acme.example", ConnectionFailed, "proxy|407", tries=1, proxy=proxy)


@contextmanager
def deaf(family: socket.AddressFamily = socket.AF_INET, port: int = 0) -> Iterator[int]:
    """Yield a port whose connections are never accepted: its queue is full."""
    host = "127.0.0.1" if family is socket.AF_INET else "::1"
    with socket.create_server((host, port), family=family, backlog=0) as listener, ExitStack() as waiting:
        for _ in range(2):
            caller = waiting.enter_context(socket.socket(family))
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname()[:2])
        yield listener.getsockname()[1]


@case(AREA, "a host that does not accept connections", "`RequestTimeout` after all tries; nothing was sent")
async def not_accepting(folder: Path) -> None:
    del folder
    with deaf() as port:
        await every_call_fails(f"http://127.0.0.1:{port}", RequestTimeout, "no connection", timeout=60.0)


@contextmanager
def names(look_up: Callable[[], list[Any]]) -> Iterator[None]:
    """Have every name looked up by a function."""

    async def getaddrinfo(*arguments: Any, **options: Any) -> list[Any]:
        return look_up()

    with mock.patch.object(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo):
        yield


@case(AREA, "a name whose IPv6 address leads nowhere, and whose IPv4 address is well", "works")
async def black_hole(folder: Path) -> None:
    del folder
    async with WireServer(response(200, good_body("get"))) as server:
        port = int(server.origin.rpartition(":")[2])
        addresses = [
            (family, socket.SOCK_STREAM, 6, "", address)
            for family, address in ((socket.AF_INET6, ("::1", port, 0, 0)), (socket.AF_INET, ("127.0.0.1", port)))
        ]
        with deaf(socket.AF_INET6, port), names(lambda: addresses):
            url = f"http://acme.example:{port}/api"
            async with KauneongaClient(url, TOKEN, allow_http=True, max_retries=0, timeout=5.0) as client:
                assert (await client.messages.get(1)).id == 1


@case(AREA, "a name server that is busy", "tried again; works when it answers")
async def busy_name_server(folder: Path) -> None:
    del folder
    answers: list[Exception | None] = [socket.gaierror(socket.EAI_AGAIN, "try again"), OSError("no network"), None]

    def look_up() -> list[Any]:
        if failure := answers.pop(0):
            raise failure
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    async with WireServer(response(200, good_body("get"))) as server:
        port = int(server.origin.rpartition(":")[2])
        async with KauneongaClient(f"http://acme.example:{port}/api", TOKEN, allow_http=True) as client:
            with names(look_up):
                assert (await client.messages.get(1)).id == 1
    assert answers == []


@case(
    AREA, "all places in flight taken for longer than the timeout", "`RequestTimeout`; a creation was surely not sent"
)
async def no_place(folder: Path) -> None:
    del folder

    async def wait(exchange: Exchange) -> None:
        await asyncio.sleep(3600)

    async with (
        WireServer(wait) as server,
        KauneongaClient(server.base_url, TOKEN, concurrency=1, timeout=5.0) as client,
    ):
        first = asyncio.ensure_future(client.messages.get(1, timeout=100))
        while not server.exchanges:
            await asyncio.sleep(0)
        for surface in ("get", "create"):
            with pytest.raises(RequestTimeout):
                await attempt(client, surface)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(attempt(client, "stream"), 30)
        assert len(server.exchanges) == 1
        first.cancel()
        await asyncio.wait([first])


@case(AREA, "http to another machine", "`ConfigurationError` before any request, unless `allow_http=True`")
async def plain_http(folder: Path) -> None:
    del folder
    with pytest.raises(ConfigurationError, match="allow_http"):
        KauneongaClient("http://acme.example", TOKEN)
