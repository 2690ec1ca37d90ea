"""The client: its options on the wire, its life, and the accounts that share it."""

from __future__ import annotations

import asyncio
import gc
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
import trustme

from kauneonga_async import Event, KauneongaClient, Message, ServerCalendar, __version__, config, errors
from kauneonga_async.sandbox import Sandbox
from tests.data import example
from tests.wire import TOKEN, Exchange, WireServer, response

OK = response(body=example("message"))


async def hook_to_await(event: Event) -> None: ...


@pytest.mark.parametrize(
    ("given", "root"),
    [
        ("https://host.example", "https://host.example/api"),
        ("https://host.example/", "https://host.example/api"),
        ("https://host.example/api", "https://host.example/api"),
        ("https://host.example/api/", "https://host.example/api"),
        ("https://host.example/api/v2", "https://host.example/api"),
        ("https://host.example/api/v2/", "https://host.example/api"),
        ("https://host.example/v2", "https://host.example/api"),
        ("https://host.example/v2/", "https://host.example/api"),
        ("https://host.example:8443/gateway/api", "https://host.example:8443/gateway/api"),
        ("HTTPS://Host.Example/api", "https://host.example/api"),
        ("http://localhost:8080", "http://localhost:8080/api"),
        ("http://127.0.0.1/api", "http://127.0.0.1/api"),
        ("http://[::1]:80/api", "http://[::1]/api"),
        ("https://bücher.example/api", "https://xn--bcher-kva.example/api"),
    ],
)
async def test_every_form_of_base_url_means_the_same(given: str, root: str) -> None:
    async with KauneongaClient(given, TOKEN) as client:
        assert str(client.base_url) == root


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "scheme"),
        ("host.example/api", "scheme"),
        ("ftp://host.example/api", "'ftp'"),
        ("file:///etc/passwd", "'file'"),
        ("https:///api", "host"),
        ("https://user:SECRET@host.example/api", "user name or password"),
        ("https://host.example/api?token=SECRET", "query"),
        ("https://host.example/api#x", "fragment"),
        ("http://host.example/api", "unencrypted.*allow_http"),
        ("http://127.evil.example/api", "unencrypted"),
        ("https://[::1/api", "cannot be read"),
        ("https://host.example:99999/api", "cannot be read"),
    ],
)
def test_a_base_url_that_cannot_be_is_refused(given: str, said: str) -> None:
    with pytest.raises(errors.ConfigurationError, match=said) as caught:
        KauneongaClient(given, TOKEN)
    assert "SECRET" not in str(caught.value)


async def test_http_to_another_machine_must_be_asked_for_by_name() -> None:
    async with KauneongaClient("http://host.example/api", TOKEN, allow_http=True) as client:
        assert client.base_url.scheme == "http"


def test_base_url_and_token_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(errors.ConfigurationError, match="KAUNEONGA_BASE_URL"):
        KauneongaClient(token=TOKEN)
    with pytest.raises(errors.ConfigurationError, match="KAUNEONGA_TOKEN"):
        KauneongaClient("https://host.example")
    monkeypatch.setenv("KAUNEONGA_BASE_URL", "https://host.example")
    monkeypatch.setenv("KAUNEONGA_TOKEN", "from-the-environment")
    assert str(KauneongaClient().base_url) == "https://host.example/api"
    assert str(KauneongaClient("https://other.example").base_url) == "https://other.example/api"


@pytest.mark.parametrize("token", ["", " ", "two words", "new\r\nline", "ends\n", "schlüssel", "\x00", "tab\t"])
def test_a_token_that_cannot_be_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        KauneongaClient("https://host.example", token)
    assert token.strip() == "" or token not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"base_url": 5}, TypeError, "base_url.*int"),
        ({"token": 5}, TypeError, "token.*int"),
        ({"timeout": 0}, ValueError, "timeout"),
        ({"timeout": -1}, ValueError, "timeout"),
        ({"timeout": float("nan")}, ValueError, "timeout"),
        ({"timeout": float("inf")}, ValueError, "timeout"),
        ({"timeout": "30"}, TypeError, "timeout.*str"),
        ({"timeout": True}, TypeError, "timeout.*bool"),
        ({"timeout": None}, TypeError, "timeout.*None"),
        ({"max_retries": -1}, ValueError, "max_retries"),
        ({"max_retries": 1.5}, TypeError, "max_retries.*float"),
        ({"concurrency": 0}, ValueError, "concurrency"),
        ({"concurrency": "16"}, TypeError, "concurrency.*str"),
        ({"calendar": "UTC"}, TypeError, "calendar.*str"),
        ({"calendar": None}, TypeError, "calendar"),
        ({"session": "x"}, TypeError, "session.*str"),
        ({"ssl_context": False}, TypeError, "ssl_context.*bool"),
        ({"ssl_context": ssl._create_unverified_context()}, errors.ConfigurationError, "does not verify"),
        ({"proxy": 5}, TypeError, "proxy.*int"),
        ({"proxy": "socks5://host"}, errors.ConfigurationError, "proxy"),
        ({"proxy": "http://user:SECRET@[bad"}, errors.ConfigurationError, "proxy"),
        ({"extra_headers": {"X-A": "a\r\nX-B: b"}}, ValueError, "X-A"),
        ({"extra_headers": {"X A": "a"}}, ValueError, "'X A'"),
        ({"extra_headers": {"X-A": 1}}, TypeError, "strings"),
        ({"extra_headers": {"authorization": "Bearer SECRET"}}, ValueError, "authorization"),
        ({"extra_headers": {"Host": "SECRET"}}, ValueError, "Host"),
        ({"extra_headers": {"X-A": "SECRET\x00"}}, ValueError, "X-A"),
        ({"extra_headers": "X-A: a"}, TypeError, "extra_headers.*str"),
        ({"proxy_headers": 5}, TypeError, "proxy_headers.*int"),
        ({"proxy_headers": {"X-A": 1}}, TypeError, "proxy_headers.*strings"),
        ({"proxy_headers": {"X-A": "SECRET\r\n"}}, ValueError, "proxy_headers.*X-A"),
        ({"trust_env": "no"}, TypeError, "trust_env.*str"),
        ({"allow_http": 0}, TypeError, "allow_http.*int"),
        ({"allow_private_recordings": "no"}, TypeError, "allow_private_recordings.*str"),
        ({"on_event": "print"}, TypeError, "on_event.*str"),
        ({"on_event": hook_to_await}, TypeError, "on_event.*not awaited"),
    ],
)
def test_options_that_cannot_be_are_named(options: dict[str, Any], error: type[Exception], said: str) -> None:
    arguments = {"base_url": "https://host.example", "token": TOKEN, **options}
    with pytest.raises(error, match=said) as caught:
        KauneongaClient(**arguments)
    assert "SECRET" not in str(caught.value)


# What follows: every option of the constructor is seen to do what it says, on the wire.


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


# Its life.


async def test_a_closed_client_says_so(sandbox: Sandbox) -> None:
    client = KauneongaClient(sandbox.base_url, sandbox.token)
    await client.messages.get(1001)
    assert not client.closed
    await client.aclose()
    await client.aclose()
    assert client.closed
    for use in (
        client.messages.get(1001),
        client.messages.list(),
        client.to_dos.list(),
        client.request("GET", "/v2/x"),
    ):
        with pytest.raises(errors.ClientClosed):
            await use
    with pytest.raises(errors.ClientClosed):
        async with client:
            pass
    assert "closed" in repr(client)


def test_a_client_belongs_to_one_event_loop() -> None:
    async def use(client: KauneongaClient) -> None:
        with pytest.raises(errors.ConnectionFailed):
            await client.messages.get(1, max_retries=0)

    async def misuse(client: KauneongaClient) -> None:
        with pytest.raises(errors.WrongEventLoop, match="another event loop"):
            await client.messages.get(1)
        with pytest.raises(errors.WrongEventLoop):
            await client.messages.list()

    client = KauneongaClient("http://127.0.0.1:9", TOKEN)
    with asyncio.Runner() as runner:
        runner.run(use(client))
        asyncio.run(misuse(client))
        runner.run(client.aclose())


async def test_a_client_that_was_never_closed_is_a_resource_warning_and_nothing_more() -> None:
    async with WireServer(OK) as server:
        client = KauneongaClient(server.base_url, TOKEN)
        await client.messages.get(939)
        session = client._transport.sessions._pooled
        assert session is not None
        with pytest.warns(ResourceWarning, match="KauneongaClient .* never closed"):  # noqa: PT031
            del client
            gc.collect()
        await session.close()


def test_a_client_that_was_never_used_need_not_be_closed() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client = KauneongaClient("https://host.example", TOKEN)
        del client
        gc.collect()


async def test_another_account_shares_connections_and_nothing_else() -> None:
    async with WireServer(OK) as server, KauneongaClient(server.base_url, TOKEN) as client:
        other = client.with_token("other-token")
        await client.messages.get(939)
        await other.messages.get(939)
        assert other._transport.sessions is client._transport.sessions
        assert other._transport._throttle is not client._transport._throttle
        assert other._transport._budget is not client._transport._budget
        assert [e.headers["authorization"] for e in server.exchanges] == [f"Bearer {TOKEN}", "Bearer other-token"]
        await other.aclose()
        assert other.closed
        with pytest.raises(errors.ClientClosed):
            await other.messages.get(939)
        await client.messages.get(939)
        third = client.with_token("third")
    assert third.closed
    with pytest.raises(TypeError):
        client.with_token(None)  # type: ignore[arg-type]


def test_a_repr_shows_no_token() -> None:
    client = KauneongaClient("https://host.example", TOKEN)
    assert repr(client) == "<KauneongaClient https://host.example/api>"
    assert TOKEN not in repr(vars(client)) + repr(vars(client._transport)) + repr(client._context)


# The way out when the API grows.


async def test_a_request_of_one_s_own() -> None:
    async with (
        WireServer(response(body=b'{"data":{"id":1}}', x_total="5")) as server,
        KauneongaClient(server.base_url, TOKEN) as client,
    ):
        answer = await client.request("get", "v2/agents", params={"page": "2", "size": 5})
        assert (answer.status, answer.headers["x-total"], answer.data) == (200, "5", {"id": 1})
        await client.request("PATCH", "/v2/agents/ü x", json={"name": "CANARY"})
        assert "CANARY" not in repr(answer)
    first, second = server.exchanges
    assert (first.method, first.target) == ("GET", "/api/v2/agents?page=2&size=5")
    assert (second.method, second.target, second.body) == ("PATCH", "/api/v2/agents/%C3%BC%20x", b'{"name":"CANARY"}')


@pytest.mark.parametrize(
    ("method", "path", "error"),
    [
        ("GET", "/v2/../admin", ValueError),
        ("GET", "../to_dos", ValueError),
        ("GET", "/v2/%2e%2e/x", ValueError),
        ("GET", "//evil.example/x", ValueError),
        ("GET", "https://evil.example/x", ValueError),
        ("GET", "/v2/x?y=1", ValueError),
        ("GET", "/v2/x#y", ValueError),
        ("GET", "/v2\\x", ValueError),
        ("GET", "", ValueError),
        ("GET", 5, TypeError),
        ("TRACE", "/v2/x", ValueError),
        ("GET\r\n", "/v2/x", ValueError),
        (5, "/v2/x", TypeError),
    ],
)
async def test_a_request_leads_nowhere_else(method: Any, path: Any, error: type[Exception]) -> None:
    async with WireServer(OK) as server, KauneongaClient(server.base_url, TOKEN) as client:
        with pytest.raises(error):
            await client.request(method, path)
        assert server.exchanges == []


async def test_a_request_s_text_is_in_no_error() -> None:
    body = b'{"info":"name CANARY SAID THE CALLER is too long"}'
    async with WireServer(response(422, body)) as server, KauneongaClient(server.base_url, TOKEN) as client:
        with pytest.raises(errors.InvalidRequest) as caught:
            await client.request("POST", "/v2/x", json={"a": [{"name": "CANARY SAID THE CALLER"}]})
        assert "CANARY" not in f"{caught.value} {caught.value!r}"


def test_the_version_is_one() -> None:
    assert __version__ == config.VERSION
    assert ServerCalendar() == config.CALENDAR
    assert Message.__module__.startswith("kauneonga_async")
