"""Calls over a real socket, to a server scripted byte by byte: what is tried again, how often, and for how long."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from kauneonga_async import Event, config, errors
from tests.data import example
from tests.transport.scripted import BUSY, OK, connect, cut_in_body, reset, silence
from tests.wire import TOKEN, Exchange, WireServer, response

Run = Callable[[Coroutine[Any, Any, Any]], Any]


async def test_the_request_is_what_the_document_asks_for() -> None:
    async with WireServer(OK) as server, connect(server) as client:
        await client.messages.get(939)
    (exchange,) = server.exchanges
    assert (exchange.method, exchange.target) == ("GET", "/api/v2/messages/939")
    assert exchange.headers["accept"] == "application/json"
    assert exchange.headers["content-type"] == "application/json"
    assert exchange.headers["authorization"] == f"Bearer {TOKEN}"
    assert exchange.headers["accept-encoding"] == "gzip"
    assert len(exchange.headers["x-request-id"]) == 32
    assert exchange.headers["user-agent"].startswith(f"kauneonga-async/{config.VERSION} ")


@pytest.mark.parametrize(
    "fault", [reset, BUSY, response(500), response(502), response(504), response(524), response(408), response(429)]
)
def test_a_fault_that_passes_is_tried_again(run_jumping: Run, fault: Any) -> None:
    async def main() -> None:
        async with WireServer(fault, fault, OK) as server, connect(server) as client:
            assert (await client.messages.get(939)).id == 939
            assert len(server.exchanges) == 3
            assert len({exchange.headers["x-request-id"] for exchange in server.exchanges}) == 1

    run_jumping(main())


@pytest.mark.parametrize("retries", [0, 1, 4])
@pytest.mark.parametrize(("fault", "error"), [(reset, errors.ConnectionFailed), (BUSY, errors.ServerError)])
def test_a_fault_that_stays_is_tried_as_often_as_allowed(
    run_jumping: Run, retries: int, fault: Any, error: type[Exception]
) -> None:
    async def main() -> None:
        async with WireServer(fault) as server, connect(server, timeout=1000) as client:
            with pytest.raises(error):
                await client.messages.get(939, max_retries=retries)
            assert len(server.exchanges) == retries + 1

    run_jumping(main())


@pytest.mark.parametrize(
    ("fault", "error", "tries"),
    [
        (cut_in_body, errors.ConnectionFailed, 3),
        (response(body=b"<html></html>"), errors.DecodeError, 3),
        (response(body=b""), errors.DecodeError, 3),
        (response(body=b'{"data":{"id":1}'), errors.DecodeError, 3),
        (response(body=b'{"data":{"id":1}}', content_encoding="gzip"), errors.ConnectionFailed, 3),
        (response(body=b'{"data":{"id":"x"}}'), errors.DecodeError, 1),
        (response(body=b'{"data":[]}'), errors.DecodeError, 1),
        (response(body=example("invalid_token")), errors.AuthenticationError, 1),
        (response(404, example("invalid_token")), errors.AuthenticationError, 1),
        (response(404), errors.NotFound, 1),
        (response(400), errors.InvalidRequest, 1),
        (response(403), errors.PermissionDenied, 1),
        (response(409), errors.StatusError, 1),
        (response(501), errors.ServerError, 1),
        (response(204, content_length=""), errors.DecodeError, 1),
        (response(304, content_length=""), errors.StatusError, 1),
        (response(302, location="https://elsewhere.example.com/"), errors.StatusError, 1),
        (response(302, location="file:///etc/passwd"), errors.StatusError, 1),
        (response(body=b"x", content_encoding="br"), errors.DecodeError, 1),
        (b"NOT HTTP AT ALL\r\n\r\n", errors.ConnectionFailed, 5),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\n", errors.ConnectionFailed, 5),
    ],
)
def test_how_often_each_fault_is_tried(run_jumping: Run, fault: Any, error: type[Exception], tries: int) -> None:
    async def main() -> None:
        async with WireServer(fault) as server, connect(server, timeout=1000) as client:
            with pytest.raises(error) as caught:
                await client.messages.get(939)
            assert type(caught.value) is error
            assert len(server.exchanges) == tries
            assert TOKEN not in "".join(traceback.format_exception(caught.value))

    run_jumping(main())


def test_one_deadline_holds_over_all_tries_and_waits(run_jumping: Run) -> None:
    async def main() -> None:
        clock = asyncio.get_running_loop().time
        async with WireServer(BUSY) as server, connect(server) as client:
            began = clock()
            with pytest.raises(errors.RequestTimeout) as caught:
                await client.messages.get(939, timeout=5, max_retries=1000)
            assert clock() - began <= 5
            assert isinstance(caught.value.__cause__, errors.ServerError)
            assert caught.value.timeout == 5
            assert "tries" in str(caught.value)
            assert 1 < len(server.exchanges) < 50

    run_jumping(main())


def test_a_server_that_says_nothing_meets_the_deadline(run_jumping: Run) -> None:
    async def main() -> None:
        clock = asyncio.get_running_loop().time
        async with WireServer(silence) as server, connect(server, timeout=7) as client:
            began = clock()
            with pytest.raises(errors.RequestTimeout):
                await client.messages.get(939)
            assert clock() - began == pytest.approx(7, abs=0.5)
            assert len(server.exchanges) == 1

    run_jumping(main())


def test_a_drip_meets_the_deadline(run_jumping: Run) -> None:
    async def drip(exchange: Exchange) -> None:
        for byte in OK:
            await exchange.send(bytes([byte]))
            await asyncio.sleep(1)

    async def main() -> None:
        async with WireServer(drip) as server, connect(server, timeout=20) as client:
            with pytest.raises(errors.RequestTimeout):
                await client.messages.get(939)

    run_jumping(main())


def test_retry_after_is_waited_for_and_not_less(run_jumping: Run) -> None:
    async def main() -> None:
        clock = asyncio.get_running_loop().time
        limited = response(429, b"", retry_after="11")
        async with WireServer(limited, OK) as server, connect(server) as client:
            began = clock()
            await client.messages.get(939)
            assert 11 <= clock() - began < 13
            assert len(server.exchanges) == 2

    run_jumping(main())


@pytest.mark.parametrize(("status", "asked", "timeout"), [(429, "3600", 9999), (503, "3600", 9999), (429, "60", 30)])
def test_a_pause_that_is_too_long_is_told_at_once(run_jumping: Run, status: int, asked: str, timeout: float) -> None:
    async def main() -> None:
        clock = asyncio.get_running_loop().time
        async with WireServer(response(status, b"", retry_after=asked)) as server, connect(server) as client:
            began = clock()
            with pytest.raises(errors.RateLimited) as caught:
                await client.messages.get(939, timeout=timeout)
            assert caught.value.retry_after == float(asked)
            assert clock() - began < 1
            assert len(server.exchanges) == 1

    run_jumping(main())


async def test_a_stale_connection_costs_one_try() -> None:
    async def answer_and_close(exchange: Exchange) -> None:
        await exchange.send(OK)
        exchange.writer.close()

    events: list[Event] = []
    async with WireServer(answer_and_close) as server, connect(server, on_event=events.append) as client:
        for _ in range(5):
            await client.messages.get(939)
    assert len(server.exchanges) == 5
    assert all(event.attempt <= 2 for event in events)


def test_when_most_tries_fail_retries_stop_and_first_tries_go_on(run_jumping: Run) -> None:
    async def main() -> None:
        async with WireServer(reset) as server, connect(server, timeout=1000) as client:
            for _ in range(300):
                with pytest.raises(errors.ConnectionFailed):
                    await client.messages.get(939)
            first_tries = 300
            assert len(server.exchanges) <= first_tries + config.BUDGET // config.PASSING_COST

    run_jumping(main())


def test_a_fifth_failing_is_no_obstacle(run_jumping: Run) -> None:
    count = 0

    async def sometimes(exchange: Exchange) -> None:
        nonlocal count
        count += 1
        await exchange.send(BUSY if count % 5 == 0 else OK)

    async def main() -> None:
        async with WireServer(sometimes) as server, connect(server, timeout=1000, max_retries=12) as client:
            for _ in range(500):
                await client.messages.get(939)

    run_jumping(main())
