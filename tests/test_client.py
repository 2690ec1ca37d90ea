"""The client: its life, the accounts that share it, and requests of one's own."""

from __future__ import annotations

import asyncio
import gc
import warnings
from datetime import date
from typing import Any

import anyio
import pytest

from kauneonga_async import KauneongaClient, MemoryCursor, Message, ServerCalendar, __version__, config, errors
from kauneonga_async.sandbox import Sandbox
from tests.canaries import shown_of_error
from tests.data import example
from tests.wire import TOKEN, WireServer, response

OK = response(body=example("message"))


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


@pytest.mark.parametrize("kind", ["stream", "call"])
async def test_a_scope_of_anyio_s_that_is_cancelled_leaves_no_connection_open(sandbox: Sandbox, kind: str) -> None:
    client = KauneongaClient(sandbox.base_url, sandbox.token)
    with anyio.CancelScope() as scope:
        async with client:
            if kind == "stream":
                async for _ in client.messages.stream():
                    scope.cancel()
            await client.messages.get(1001)
            (session,) = client._transport.sessions.open_sessions
            connector = session.connector
            assert connector is not None
            (kept,) = connector._conns.values()
            transport = kept[0][0].transport
            scope.cancel()
            await asyncio.sleep(0)
    assert scope.cancelled_caught
    assert client._transport.sessions.open_sessions == []
    assert not client._supervisors._running
    if kind == "call":
        assert transport is not None
        assert transport.is_closing()


async def test_a_cursor_that_does_not_close_is_not_waited_for_without_end(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stuck(MemoryCursor):
        async def close(self) -> None:
            await anyio.sleep_forever()

    monkeypatch.setattr(config, "CLOSING_SECONDS", 0.01)
    client = KauneongaClient(sandbox.base_url, sandbox.token)
    watch = client.messages.watch(cursor=Stuck(), start=date(2025, 3, 1))
    async with asyncio.timeout(10):
        await anext(aiter(watch))
        await client.aclose()
    assert client._transport.sessions.open_sessions == []


@pytest.mark.filterwarnings("ignore:Sending a large body")
async def test_connections_whose_peer_takes_nothing_are_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(config, "CLOSING_SECONDS", 0.01)
    connected, ended = asyncio.Event(), asyncio.Event()

    async def take_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await ended.wait()
        writer.transport.abort()

    server = await asyncio.start_server(take_nothing, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    client = KauneongaClient(f"http://{host}:{port}", TOKEN)
    call = asyncio.create_task(client.request("POST", "/v2/x", json="x" * 32_000_000))
    await connected.wait()
    await asyncio.sleep(0.01)
    async with asyncio.timeout(10):
        await client.aclose()
    call.cancel()
    await asyncio.wait([call])
    ended.set()
    server.close()


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


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"json": {"text": "CANARY \ud800"}}, ValueError, "^json: .*surrogate"),
        ({"json": {"text": "CANARY", "x": object()}}, TypeError, "object"),
        ({"json": {"text": "CANARY"}, "timeout": 10**400}, ValueError, "timeout"),
        ({"params": {"q": "CANARY \ud800"}}, ValueError, "^params: .*surrogate"),
        ({"params": {"CANARY \udc00": 5}}, ValueError, "^params: .*surrogate"),
        ({"path": "/v2/CANARY\ud800x"}, ValueError, "^path: .*surrogate"),
    ],
)
async def test_a_request_that_cannot_be_written_is_refused_and_not_shown(
    arguments: dict[str, Any], error: type[Exception], said: str
) -> None:
    async with WireServer(OK) as server, KauneongaClient(server.base_url, TOKEN) as client:
        with pytest.raises(error, match=said) as caught:
            await client.request("POST", **{"path": "/v2/x", **arguments})
        assert [line for line in shown_of_error(caught.value) if "CANARY" in line] == []
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
