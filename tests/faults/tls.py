"""Cases: TLS that does not come about, or is not with whom it should be."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import trustme

from kauneonga_async import KauneongaClient
from kauneonga_async.errors import ConfigurationError, ConnectionFailed, RequestTimeout
from tests.faults.cases import case
from tests.faults.reaching import AREA, every_call_fails
from tests.wire import TOKEN


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


@case(AREA, "a handshake that is reset", "`ConnectionFailed` after all tries")
async def reset_handshake(folder: Path) -> None:
    del folder

    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with await asyncio.start_server(reset, "127.0.0.1", 0) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await every_call_fails(url, ConnectionFailed, "connection")


@case(AREA, "a server that speaks TLS 1.0", "`ConnectionFailed` at once; nothing was sent")
async def old_tls(folder: Path) -> None:
    del folder
    protocol_version = b"\x15\x03\x01\x00\x02\x02\x46"  # the alert that it ends the handshake with

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(protocol_version)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await every_call_fails(url, ConnectionFailed, "TLS", tries=1)


@case(AREA, "a handshake that says nothing", "`RequestTimeout` after all tries; nothing was sent")
async def silent_handshake(folder: Path) -> None:
    del folder

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(wait, "127.0.0.1", 0) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await every_call_fails(url, RequestTimeout, "no connection", timeout=60.0)


@cache
def authority() -> trustme.CA:
    return trustme.CA()


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


@asynccontextmanager
async def tls_server(
    host: str, days: float = 30, signer: trustme.CA | None = None, *, signs_itself: bool = False
) -> AsyncIterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if signs_itself:
        shown = trustme.CA()
        with shown.private_key_pem.tempfile() as key, shown.cert_pem.tempfile() as certificate:
            context.load_cert_chain(certificate, key)
    else:
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
        await every_call_fails(url, ConnectionFailed, "certificate", tries=1, ssl_context=trusting())


for _fault, _server in (
    ("a certificate that has expired", {"host": "localhost", "days": -1}),
    ("a certificate for another host", {"host": "elsewhere.example"}),
    ("a certificate of an authority that is not trusted", {"host": "localhost", "signer": trustme.CA()}),
    ("a certificate that signed itself", {"host": "localhost", "signs_itself": True}),
):
    case(AREA, _fault, "`ConnectionFailed` at once, for what asking again cannot mend; nothing was sent")(
        partial(untrusted, **_server)
    )


@case(AREA, "a TLS context that does not verify", "`ConfigurationError` before any request")
async def unverified(folder: Path) -> None:
    del folder
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with pytest.raises(ConfigurationError, match="verify"):
        KauneongaClient("https://acme.example", TOKEN, ssl_context=context)
