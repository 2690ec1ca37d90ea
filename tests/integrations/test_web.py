"""A site in each framework: one client, errors as answers, and ranges at the browser's pace, over real sockets."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
import pytest

from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults
from tests.integrations.sites import SITES, site
from tests.wire import TOKEN, Exchange, WireServer

pytestmark = pytest.mark.parametrize("framework", SITES)

SECRET = "canary: the caller's diagnosis"
RECORD = json.dumps({"id": 1, "created_at": "2025-01-01T00:00:00Z", "content": "x" * 1000}).encode()
HEAD = b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def get(url: str, method: str = "GET") -> tuple[int, Mapping[str, str], bytes]:
    async with aiohttp.ClientSession() as browser, browser.request(method, url) as answer:
        return answer.status, answer.headers, await answer.read()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A browser that reads no more than it is told to: its socket's buffer is small."""
    host, port = url.split("/")[2].split(":")
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    plain.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plain, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=plain, limit=65536)
    writer.write(f"GET /{url.split('/', 3)[3]} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    try:
        yield reader, writer
    finally:
        writer.close()


async def test_a_call_is_made_by_the_application_s_one_client(sandbox: Sandbox, framework: str) -> None:
    async with site(framework, sandbox.base_url, sandbox.token) as running:
        for place in ("", "/below"):
            status, _, body = await get(f"{running.origin}{place}/message/1001")
            assert (status, json.loads(body)["id"]) == (200, 1001)


async def test_what_is_not_there_is_not_found(sandbox: Sandbox, framework: str) -> None:
    async with site(framework, sandbox.base_url, sandbox.token) as running:
        status, headers, body = await get(f"{running.origin}/message/7")
    assert status == 404
    assert headers["Content-Type"] == "application/problem+json"
    assert json.loads(body) == {"title": "There is no such record", "status": 404}


async def test_a_range_that_is_refused_is_an_answer_of_its_own(sandbox: Sandbox, framework: str) -> None:
    sandbox.configure(
        faults=ScriptedFaults([Fault(status=429, headers={"Retry-After": "7"}, body=SECRET.encode())] * 99)
    )
    async with site(framework, sandbox.base_url, sandbox.token) as running:
        status, headers, body = await get(f"{running.origin}/messages/every")
        await running.rest()
    assert (status, headers["Retry-After"]) == (503, "7")
    assert b"canary" not in body


async def test_a_refused_token_is_nothing_of_the_browser_s(sandbox: Sandbox, framework: str) -> None:
    async with site(framework, sandbox.base_url, TOKEN) as running:
        status, _, body = await get(f"{running.origin}/messages/range")
    assert status == 502
    assert json.loads(body) == {"title": "The service behind this application failed", "status": 502}


async def test_a_range_comes_as_lines(sandbox: Sandbox, framework: str) -> None:
    async with site(framework, sandbox.base_url, sandbox.token) as running:
        status, headers, body = await get(f"{running.origin}/messages/range")
        assert (status, headers["Content-Type"]) == (200, "application/x-ndjson")
        assert headers["Cache-Control"] == "no-store"
        assert [json.loads(line)["id"] for line in body.splitlines()] == list(range(1001, 1201))
        _, _, body = await get(f"{running.origin}/messages/brief")
        assert {tuple(json.loads(line)) for line in body.splitlines()} == {("id", "status")}
        assert len(body.splitlines()) == 200
        await running.rest()


async def test_an_empty_range_is_an_empty_body(framework: str) -> None:
    async with Sandbox(messages=0) as empty, site(framework, empty.base_url, empty.token) as running:
        assert (await get(f"{running.origin}/messages/range"))[::2] == (200, b"")


async def test_who_asks_for_the_head_alone_costs_nothing(sandbox: Sandbox, framework: str) -> None:
    async with site(framework, sandbox.base_url, sandbox.token) as running:
        status, headers, body = await get(f"{running.origin}/messages/range", "HEAD")
        assert (status, headers["Content-Type"], body) == (200, "application/x-ndjson", b"")
    assert not sandbox.requests


async def test_an_error_in_mid_stream_does_not_look_like_the_end(framework: str) -> None:
    async def breaks_off(exchange: Exchange) -> None:
        await exchange.send(
            HEAD + chunk(b'{"data":[' + b",".join([RECORD] * 3 + [RECORD.replace(b"1,", b"2,", 1)] * 3))
        )
        await may_break.wait()
        exchange.reset()

    may_break = asyncio.Event()
    async with WireServer(breaks_off) as upstream, site(framework, upstream.base_url, TOKEN) as running:
        async with opened(f"{running.origin}/messages/every") as (reader, _):
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in head
            assert b"chunked" in head.lower()
            line = await reader.readuntil(b"\n")
            may_break.set()
            with pytest.raises(ConnectionResetError):
                while more := await reader.read(65536):
                    line += more
                raise ConnectionResetError  # it was closed, as uvicorn does
            assert b"\r\n0\r\n" not in line
        await running.rest()


@pytest.mark.parametrize("moment", ["before the first record", "between two records"])
async def test_a_browser_that_goes_while_nothing_is_sent_is_noticed(framework: str, moment: str) -> None:
    async def stalls(exchange: Exchange) -> None:
        if moment == "between two records":
            await exchange.send(HEAD + chunk(b'{"data":[' + b",".join([RECORD, RECORD.replace(b"1,", b"2,", 1)] * 2)))
        asked.set()
        assert not await exchange.reader.read()
        left.set()

    asked, left = asyncio.Event(), asyncio.Event()
    async with WireServer(stalls) as upstream, site(framework, upstream.base_url, TOKEN) as running:
        async with opened(f"{running.origin}/messages/every") as (reader, _):
            await asked.wait()
            if moment == "between two records":
                await reader.readuntil(b'"id": 1')
        await running.rest()
        async with asyncio.timeout(0.5):
            await left.wait()


async def test_a_browser_s_pace_is_kauneonga_s_and_its_going_the_end(framework: str) -> None:
    sent = 0

    async def never_ends(exchange: Exchange) -> None:
        nonlocal sent
        await exchange.send(HEAD + chunk(b'{"data":[' + RECORD))
        while True:
            records = [RECORD.replace(b"1,", b"%d," % number, 1) for number in range(2 + sent, 102 + sent)]
            await exchange.send(chunk(b"," + b",".join(records)))
            sent += len(records)

    async def stands_still() -> int:
        quiet, before = 0, sent
        while quiet < 20:
            await asyncio.sleep(0.005)
            quiet, before = (quiet + 1, sent) if sent == before else (0, sent)
            assert sent < 60_000, "the browser reads nothing, and 60 MB were taken from the server"
        return sent

    async with WireServer(never_ends) as upstream, site(framework, upstream.base_url, TOKEN) as running:
        async with opened(f"{running.origin}/messages/every") as (reader, writer):
            stood = await stands_still()
            assert stood > 100
            while sent < stood + 1000:
                assert await reader.read(65536)
            await stands_still()
            writer.transport.abort()
        await running.rest()
