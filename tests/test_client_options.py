"""Every option of the client is seen to do what it says, on the wire."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
import trustme

from kauneonga_async import Event, KauneongaClient, errors
from tests.data import example
from tests.wire import TOKEN, Exchange, WireServer, response

OK = response(body=example("message"))


async def test_extra_headers_are_sent_and_a_call_s_own_win() -> None:
    async with WireServer(OK) as server:
        async with KauneongaClient(server.base_url, TOKEN, extra_headers={"X-Team": "a", "Accept": "text/x"}) as client:
            await client.messages.get(939)
            await client.messages.get(939, extra_headers={"X-Team": "b"})
            await client.request("GET", "/v2/x", extra_headers={"X-Other": "c"})
            with pytest.raises(errors.DecodeError):
                await client.messages.list(extra_headers={"X-Team": "d"})
    sent = [(e.headers.get("x-team"), e.headers.get("x-other"), e.headers["accept"]) for e in server.exchanges]
    assert sent == [(x, y, "text/x") for x, y in (("a", None), ("b", None), ("a", "c"), ("d", None))]


async def test_concurrency_is_the_requests_in_flight() -> None:
    in_flight = most = 0

    async def count(exchange: Exchange) -> None:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        await asyncio.sleep(0.01)
        in_flight -= 1
        await exchange.send(OK)

    async with WireServer(count) as server, KauneongaClient(server.base_url, TOKEN, concurrency=3) as client:
        other = client.with_token("another")
        await asyncio.gather(*(c.messages.get(939) for c in (client, other) for _ in range(10)))
    assert most == 3


async def test_a_session_of_the_caller_s_is_used_and_never_closed() -> None:
    async with WireServer(OK, OK, response(201, example("to_do"))) as server:
        async with aiohttp.ClientSession(headers={"X-Mine": "yes"}) as session:
            async with KauneongaClient(server.base_url, TOKEN, session=session) as client:
                await client.messages.get(939)
                await client.request("POST", "/v2/to_dos", json={})
            assert not session.closed
            async with session.get(server.origin) as answer:
                assert answer.status == 201
    assert [e.headers.get("x-mine") for e in server.exchanges] == ["yes"] * 3


async def test_middlewares_of_the_caller_s_session_run() -> None:
    seen: list[str] = []

    async def note(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        seen.append(request.method)
        return await handler(request)

    async with WireServer(OK) as server, aiohttp.ClientSession(middlewares=(note,)) as session:
        async with KauneongaClient(server.base_url, TOKEN, session=session) as client:
            await client.messages.get(939)
    assert seen == ["GET"]


@pytest.mark.parametrize("switch", ["aiohttp's", "gone", "the caller's session"])
async def test_aiohttp_sends_nothing_again_by_itself(switch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether its switch for that is there, or gone in a later version, or is the caller's to set."""

    async def reset(exchange: Exchange) -> None:
        exchange.reset()

    if switch == "gone":
        monkeypatch.setattr("kauneonga_async.transport.session._RESENDS", "_no_such_attribute")
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(WireServer(reset))
        session = await stack.enter_async_context(aiohttp.ClientSession()) if switch.startswith("the") else None
        client = KauneongaClient(server.base_url, TOKEN, session=session, max_retries=0)
        await stack.enter_async_context(client)
        with pytest.raises(errors.ConnectionFailed):
            await client.messages.get(939)
        assert len(server.exchanges) == 1


async def test_the_limit_of_the_caller_s_connector_is_kept() -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=2)) as session:
        async with KauneongaClient("https://host.example", TOKEN, session=session) as client:
            assert client._transport._places.limit == 2


@pytest.fixture
async def tls_server() -> AsyncIterator[tuple[str, trustme.CA]]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield f"https://localhost:{server.sockets[0].getsockname()[1]}", authority
    server.close()


async def test_an_authority_of_the_caller_s_is_trusted_and_no_other(tls_server: tuple[str, trustme.CA]) -> None:
    url, authority = tls_server
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with KauneongaClient(url, TOKEN, ssl_context=trusting) as client:
        assert (await client.messages.get(939)).id == 939
    events: list[Event] = []
    async with KauneongaClient(url, TOKEN, on_event=events.append) as client:
        with pytest.raises(errors.ConnectionFailed) as caught:
            await client.messages.get(939)
    assert (caught.value.phase, caught.value.permanent) == ("tls", True)
    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
    assert [event.kind for event in events] == ["try", "give_up"]


async def test_a_certificate_of_another_host_is_not_trusted(tls_server: tuple[str, trustme.CA]) -> None:
    url, authority = tls_server
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with KauneongaClient(url.replace("localhost", "127.0.0.1"), TOKEN, ssl_context=trusting) as client:
        with pytest.raises(errors.ConnectionFailed, match="not trusted"):
            await client.messages.get(939)


async def test_a_proxy_is_gone_through() -> None:
    async with WireServer(OK) as proxy:
        options: Any = {"proxy": proxy.origin, "proxy_headers": {"Proxy-Authorization": "Basic eDp5"}}
        async with KauneongaClient("http://api.example/api", TOKEN, allow_http=True, **options) as client:
            await client.messages.get(939)
    (exchange,) = proxy.exchanges
    assert exchange.target == "http://api.example/api/v2/messages/939"
    assert exchange.headers["proxy-authorization"] == "Basic eDp5"
    assert exchange.headers["authorization"] == f"Bearer {TOKEN}"


async def test_the_environment_s_proxy_is_used_only_where_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async with WireServer(OK) as proxy, WireServer(OK) as server:
        monkeypatch.setenv("http_proxy", proxy.origin)
        async with KauneongaClient(server.base_url, TOKEN) as client:
            await client.messages.get(939)
        assert (len(proxy.exchanges), len(server.exchanges)) == (0, 1)
        async with KauneongaClient(server.base_url, TOKEN, trust_env=True) as client:
            await client.messages.get(939)
        assert (len(proxy.exchanges), len(server.exchanges)) == (1, 1)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with KauneongaClient(server.base_url, TOKEN, trust_env=True) as client:
            await client.messages.get(939)
        assert (len(proxy.exchanges), len(server.exchanges)) == (1, 2)


async def test_a_netrc_entry_is_no_obstacle(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    async with WireServer(OK) as server, KauneongaClient(server.base_url, TOKEN, trust_env=True) as client:
        await client.messages.get(939)
        assert server.exchanges[0].headers["authorization"] == f"Bearer {TOKEN}"


async def test_no_cookie_of_one_account_reaches_another() -> None:
    async with WireServer(response(body=example("message"), set_cookie="session=of-the-first")) as server:
        async with KauneongaClient(server.base_url, TOKEN) as client:
            await client.messages.get(939)
            await client.with_token("second").messages.get(939)
    assert all("cookie" not in exchange.headers for exchange in server.exchanges)
