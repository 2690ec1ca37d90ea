"""Calls over a real socket: redirected, with a new token, told of, cancelled; and how their answers are read."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import pytest

from kauneonga_async import Event, KauneongaClient, Message, errors
from tests.data import example
from tests.transport.scripted import BUSY, OK, connect
from tests.wire import Exchange, WireServer, response

Run = Callable[[Coroutine[Any, Any, Any]], Any]


async def test_a_redirect_within_the_api_is_followed() -> None:
    moved = response(301, location="/api/v2/messages/939/")
    async with WireServer(moved, OK) as server, connect(server) as client:
        assert (await client.messages.get(939)).id == 939
    assert server.targets == ["/api/v2/messages/939", "/api/v2/messages/939/"]


async def test_a_loop_of_redirects_ends() -> None:
    async def ping_pong(exchange: Exchange) -> None:
        await exchange.send(response(302, location="/a" if exchange.target == "/b" else "/b"))

    async with WireServer(ping_pong) as server, connect(server) as client:
        with pytest.raises(errors.StatusError) as caught:
            await client.messages.get(939)
    assert caught.value.status == 302
    assert len(server.exchanges) == 6


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_takes_the_token_to_another_origin(status: int) -> None:
    async with WireServer(OK) as elsewhere:
        location = f"{elsewhere.origin}/api/v2/messages/939"
        async with WireServer(response(status, location=location)) as server, connect(server) as client:
            with pytest.raises(errors.StatusError) as caught:
                await client.messages.get(939)
        assert elsewhere.exchanges == []
        assert "redirects to" in str(caught.value)


async def test_a_token_that_expired_is_renewed_once() -> None:
    tokens = iter(["old", "new", "newer"])

    async def provide() -> str:
        return next(tokens)

    refusal = response(404, example("invalid_token"))
    async with (
        WireServer(refusal, OK, OK, refusal, refusal) as server,
        KauneongaClient(server.base_url, provide) as client,
    ):
        await client.messages.get(939)
        await client.messages.get(939)
        with pytest.raises(errors.AuthenticationError):
            await client.messages.get(939)
    sent = [exchange.headers["authorization"].removeprefix("Bearer ") for exchange in server.exchanges]
    assert sent == ["old", "new", "new", "new", "newer"]


def test_each_try_wait_and_give_up_is_told(run_jumping: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        events: list[Event] = []
        async with WireServer(BUSY, OK, BUSY) as server, connect(server, on_event=events.append) as client:
            await client.messages.get(939)
            with pytest.raises(errors.ServerError):
                await client.messages.get(940, max_retries=0)
        assert [(e.kind, e.attempt, e.status, e.error) for e in events] == [
            ("try", 1, 503, "ServerError"),
            ("wait", 1, 503, "ServerError"),
            ("try", 2, 200, None),
            ("try", 1, 503, "ServerError"),
            ("give_up", 1, 503, "ServerError"),
        ]
        assert {e.path for e in events} == {"/api/v2/messages/939", "/api/v2/messages/940"}
        assert [e.request_id for e in events[:3]] == [server.exchanges[0].headers["x-request-id"]] * 3

    caplog.set_level(logging.DEBUG, "kauneonga_async")
    run_jumping(main())
    assert [record.levelname for record in caplog.records] == ["DEBUG", "INFO", "DEBUG", "DEBUG", "INFO"]
    assert "give_up GET /api/v2/messages/940: attempt 1, status 503, ServerError" in caplog.text


async def test_a_hook_that_fails_harms_no_call(caplog: pytest.LogCaptureFixture) -> None:
    def hook(event: Event) -> None:
        raise ValueError(event.kind)

    async with WireServer(OK) as server, connect(server, on_event=hook) as client:
        assert (await client.messages.get(939)).id == 939
    assert "the event hook failed" in caplog.text


@pytest.mark.parametrize("moment", range(12))
async def test_a_call_that_is_cancelled_at_any_turn_leaves_nothing(moment: int) -> None:
    async with WireServer(OK) as server, connect(server) as client:
        call = asyncio.create_task(client.messages.get(939))
        for _ in range(moment):
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait([call])
        assert client._transport._places.in_use == 0
        session = client._transport.sessions._pooled
        assert session is None or not session.connector._acquired  # type: ignore[union-attr]
        assert (await client.messages.get(939)).id == 939


def test_a_call_that_is_cancelled_while_it_waits_ends_at_once(run_jumping: Run) -> None:
    async def main() -> None:
        async with WireServer(BUSY) as server, connect(server) as client:
            call = asyncio.create_task(client.messages.get(939))
            while not server.exchanges:
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.05)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert client._transport._places.in_use == 0

    run_jumping(main())


async def test_a_connection_is_released_and_its_place_given_up_before_a_wait() -> None:
    """With one place in flight, a call that waits for its retry does not stop another."""
    slow = response(429, b"x" * 10, retry_after="2")
    async with WireServer(slow, OK) as server, connect(server, concurrency=1) as client:
        waiting = asyncio.create_task(client.messages.get(939))
        while not server.exchanges:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)
        assert client._transport._places.in_use == 0
        other = client.with_token("other")
        assert (await other.messages.get(939)).id == 939
        waiting.cancel()


@pytest.mark.parametrize("record_type", [Message, dict, msgspec.Raw])
async def test_an_answer_that_is_compressed_is_read(record_type: Any) -> None:
    body = response(body=gzip.compress(example("message")), content_encoding="gzip")
    async with WireServer(body) as server, connect(server) as client:
        assert await client.messages.get(939, record_type=record_type)


def test_an_answer_beyond_the_cap_is_refused(monkeypatch: pytest.MonkeyPatch, run_jumping: Run) -> None:
    async def main() -> None:
        async with WireServer(response(body=example("message"))) as server, connect(server) as client:
            with pytest.raises(errors.DecodeError, match="larger than 100 bytes"):
                await client.request("GET", "/v2/messages/1")
            assert len(server.exchanges) == 1

    monkeypatch.setattr("kauneonga_async.transport.answer.Answer.read_whole.__defaults__", (100,))
    run_jumping(main())
