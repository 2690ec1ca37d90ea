"""Everything aiohttp can raise means an error of ours, and takes nothing confidential along."""

from __future__ import annotations

import asyncio
import errno
import inspect
import socket
import ssl
from typing import Any
from unittest.mock import Mock

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from kauneonga_async.errors import ClientClosed, ConnectionFailed, KauneongaError, RequestTimeout
from kauneonga_async.transport.addresses import PrivateAddress
from kauneonga_async.transport.failures import Interrupted, translate

KEY = ConnectionKey("acme.example.com", 443, True, True, URL("http://user:CANARY@proxy"), None, None)
INFO = aiohttp.RequestInfo(
    URL("https://acme.example.com"), "GET", CIMultiDictProxy(CIMultiDict({"Authorization": "Bearer CANARY"})), URL("/")
)
CERTIFICATE = ssl.SSLCertVerificationError(1, "certificate has expired")


def meaning(error: BaseException, *, reading: bool = False) -> KauneongaError | None:
    return translate(error, call="GET /api/v2/messages", request_id="r-1", timeout=30, reading=reading)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(socket.EAI_NONAME, "x")), ("resolve", False, True)),
        (aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(socket.EAI_AGAIN, "x")), ("resolve", False, False)),
        (aiohttp.ClientConnectorError(KEY, ConnectionRefusedError(111, "x")), ("connect", False, False)),
        (aiohttp.ClientConnectorError(KEY, OSError(errno.EMFILE, "x")), ("connect", False, True)),
        (aiohttp.ClientConnectorError(KEY, PrivateAddress()), ("connect", False, True)),
        (aiohttp.ClientProxyConnectionError(KEY, ConnectionRefusedError(111, "x")), ("proxy", False, False)),
        (aiohttp.ClientHttpProxyError(INFO, (), status=407), ("proxy", False, True)),
        (aiohttp.ClientHttpProxyError(INFO, (), status=502), ("proxy", False, False)),
        (aiohttp.ClientConnectorCertificateError(KEY, CERTIFICATE), ("tls", False, True)),
        (aiohttp.ServerFingerprintMismatch(b"", b"", "h", 1), ("tls", False, True)),
        (aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError(1, "wrong version")), ("tls", False, True)),
        (aiohttp.ClientConnectorSSLError(KEY, ssl.SSLEOFError(8, "EOF")), ("tls", False, False)),
        (aiohttp.ServerDisconnectedError("CANARY"), ("exchange", True, False)),
        (aiohttp.ClientOSError(errno.ECONNRESET, "x"), ("exchange", True, False)),
        (aiohttp.ClientConnectionResetError("x"), ("exchange", True, False)),
        (aiohttp.ClientResponseError(INFO, (), status=400, message="CANARY"), ("exchange", True, False)),
        (aiohttp.ClientPayloadError("CANARY"), ("body", True, False)),
        (Interrupted(aiohttp.ServerDisconnectedError()), ("exchange", True, False)),
        (ConnectionResetError(104, "x"), ("exchange", True, False)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_broken_exchange_says_where_it_broke(error: BaseException, expected: tuple[str, bool, bool]) -> None:
    found = meaning(error)
    assert isinstance(found, ConnectionFailed)
    assert (found.phase, found.sent, found.permanent) == expected
    assert found.request_id == "r-1"
    assert "GET /api/v2/messages" in str(found)


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (aiohttp.ConnectionTimeoutError("x"), False),
        (aiohttp.SocketTimeoutError("x"), True),
        (aiohttp.ServerTimeoutError("x"), True),
        (TimeoutError(), True),
    ],
)
def test_a_timeout_is_told_from_other_os_errors(error: BaseException, sent: bool) -> None:
    found = meaning(error)
    assert isinstance(found, RequestTimeout)
    assert found.sent is sent


def test_a_connection_lost_while_reading_is_the_body_s() -> None:
    found = meaning(aiohttp.ClientOSError(104, "x"), reading=True)
    assert isinstance(found, ConnectionFailed)
    assert found.phase == "body"


def test_a_session_that_somebody_closed() -> None:
    assert isinstance(meaning(RuntimeError("Session is closed")), ClientClosed)


def test_what_is_not_aiohttp_s_is_left_alone() -> None:
    assert meaning(ValueError("x")) is None
    assert meaning(RuntimeError("x")) is None


def instances() -> list[BaseException]:
    """One of every error that aiohttp's client can raise, each with something confidential in it."""
    made: list[BaseException] = []
    os_error = OSError(errno.ECONNRESET, "reset")
    for _, cls in inspect.getmembers(aiohttp, inspect.isclass):
        if not issubclass(cls, aiohttp.ClientError) or cls.__name__.startswith(("WS", "InvalidURL")):
            continue
        candidates: list[tuple[Any, ...]] = [
            (KEY, CERTIFICATE),
            (KEY, os_error),
            (INFO, (Mock(),)),
            (b"", b"", "h", 1),
            ("CANARY",),
        ]
        for arguments in candidates:
            try:
                made.append(cls(*arguments))
                break
            except Exception:  # noqa: BLE001 - the next shape may fit
                continue
    return made


@pytest.mark.parametrize("error", instances(), ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("reading", [False, True])
def test_every_error_of_aiohttp_is_mapped_and_leaks_nothing(error: BaseException, reading: bool) -> None:
    found = meaning(error, reading=reading)
    assert isinstance(found, KauneongaError)
    seen: BaseException | None = found
    while seen is not None:
        assert "CANARY" not in f"{seen} {seen!r} {seen.args!r} {vars(seen)!r}"
        assert seen.__traceback__ is None or seen is not found.__cause__
        seen = seen.__cause__ or seen.__context__


def test_the_cause_is_kept_where_it_is_safe() -> None:
    refused = ConnectionRefusedError(111, "Connect call failed")
    found = meaning(aiohttp.ClientConnectorError(KEY, refused))
    assert found is not None
    assert found.__cause__ is refused
    found = meaning(aiohttp.ServerDisconnectedError("CANARY"))
    assert found is not None
    assert isinstance(found.__cause__, aiohttp.ServerDisconnectedError)


async def test_every_kind_of_asyncio_timeout_is_the_same() -> None:
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(0):
            await asyncio.sleep(1)
    assert isinstance(meaning(caught.value), RequestTimeout)
