"""Cases: servers that cannot be reached, or are not who they should be."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import trustme

from kauneonga_async import KauneongaClient
from kauneonga_async.errors import ConfigurationError, ConnectionFailed, KauneongaError, RequestTimeout
from tests.faults.cases import case
from tests.faults.harness import CANARY, assert_nothing_leaks, attempt, faces_of
from tests.faults.table import RETRIES, SURFACES
from tests.wire import TOKEN

AREA = "reaching the server"


async def every_call_fails(base_url: str, error: type[KauneongaError], says: str, **options: Any) -> None:
    async with KauneongaClient(base_url, TOKEN, **{"max_retries": RETRIES, "timeout": 5.0, **options}) as client:
        for surface in SURFACES:
            with pytest.raises(error, match=says) as caught:
                await attempt(client, surface)
            assert_nothing_leaks(faces_of(caught.value))


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
    await every_call_fails("https://nowhere.invalid", ConnectionFailed, "no such host")


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
        await every_call_fails("https://acme.example", ConnectionFailed, "proxy|407", proxy=proxy)


@case(AREA, "a handshake that is cut off", "`ConnectionFailed` after all tries")
async def cut_handshake(folder: Path) -> None:
    del folder

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.close()

    async with await asyncio.start_server(cut, "127.0.0.1", 0) as server:
        await every_call_fails(
            f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", ConnectionFailed, "TLS|handshake|connection"
        )


@case(AREA, "a handshake that says nothing", "`RequestTimeout` or `ConnectionFailed`; a creation was surely not sent")
async def silent_handshake(folder: Path) -> None:
    del folder

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(wait, "127.0.0.1", 0) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await every_call_fails(url, (RequestTimeout, ConnectionFailed), "no answer|in vain|connection|TLS")  # type: ignore[arg-type]


@cache
def authority() -> trustme.CA:
    return trustme.CA()


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


@asynccontextmanager
async def tls_server(host: str, days: float = 30, signer: trustme.CA | None = None) -> AsyncIterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    end = datetime.now(UTC) + timedelta(days=days)
    issued = (signer or authority()).issue_cert(host, not_before=end - timedelta(days=90), not_after=end)
    issued.configure_cert(context)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert not await reader.read(1), "something was sent to a server that is not the one"
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}"


async def untrusted(folder: Path, **server: Any) -> None:
    del folder
    async with tls_server(**server) as url:
        await every_call_fails(url, ConnectionFailed, "certificate", ssl_context=trusting())


for _fault, _server in (
    ("a certificate that has expired", {"host": "localhost", "days": -1}),
    ("a certificate for another host", {"host": "elsewhere.example"}),
    ("a certificate of an authority that is not trusted", {"host": "localhost", "signer": trustme.CA()}),
):
    case(AREA, _fault, "`ConnectionFailed` at once, for what asking again cannot mend; nothing was sent")(
        partial(untrusted, **_server)
    )


@case(AREA, "http to another machine", "`ConfigurationError` before any request, unless `allow_http=True`")
async def plain_http(folder: Path) -> None:
    del folder
    with pytest.raises(ConfigurationError, match="allow_http"):
        KauneongaClient("http://acme.example", TOKEN)


@case(AREA, "a TLS context that does not verify", "`ConfigurationError` before any request")
async def unverified(folder: Path) -> None:
    del folder
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with pytest.raises(ConfigurationError, match="verify"):
        KauneongaClient("https://acme.example", TOKEN, ssl_context=context)
