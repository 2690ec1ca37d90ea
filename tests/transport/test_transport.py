"""Calls over a real socket, to a server scripted byte by byte: what is tried again, how often, and for how long."""

from __future__ import annotations

import asyncio
import gzip
import logging
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import pytest

from kauneonga_async import Event, KauneongaClient, Message, Schedule, config, errors
from tests.data import example
from tests.wire import TOKEN, Exchange, WireServer, response

Run = Callable[[Coroutine[Any, Any, Any]], Any]

OK = response(body=example("message"))
CREATED = response(201, example("to_do"))
BUSY = response(503, b"<html>busy</html>")
SCHEDULE = Schedule(frequency="weekly", times=["9:00 AM"], days=["Tuesday"])


async def reset(exchange: Exchange) -> None:
    exchange.reset()


async def cut_in_body(exchange: Exchange) -> None:
    await exchange.send(OK[: len(OK) // 2])
    exchange.reset()


async def silence(exchange: Exchange) -> None:
    await asyncio.sleep(3600)


def connect(server: WireServer, **options: Any) -> KauneongaClient:
    return KauneongaClient(server.base_url, TOKEN, **options)


def create(client: KauneongaClient, **options: Any) -> Coroutine[Any, Any, Any]:
    return client.to_dos.create(
        account_number="W0411", delivery_type="sms", contact="jose@kauneonga.com", from_="+17542838007",
        message_text="CANARY TEXT: call the clinic", schedule=SCHEDULE, **options
    )  # fmt: skip


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


async def test_a_creation_is_what_the_document_shows() -> None:
    asked = msgspec.json.decode(example("to_do_request"))
    schedule = msgspec.convert(asked.pop("schedule"), Schedule)
    asked["from_"] = asked.pop("from")
    async with WireServer(CREATED) as server, connect(server) as client:
        to_do = await client.to_dos.create(schedule=schedule, **asked)
    (exchange,) = server.exchanges
    assert (exchange.method, exchange.target) == ("POST", "/api/v2/to_dos")
    assert msgspec.json.decode(exchange.body) == msgspec.json.decode(example("to_do_request"))
    assert exchange.headers["connection"] == "close"
    assert (to_do.id, to_do.from_) == (157, "7542838007")
    assert to_do.schedule is not None
    assert to_do.schedule.id == 76


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


@pytest.mark.parametrize(
    "fault",
    [
        reset,
        response(500),
        response(503),
        response(504),
        response(201, b"<html></html>"),
        response(200, b""),
        response(201, b'{"data":{"to_do":{"id":"x"}}}'),
        response(201, b'{"data":{}}'),
        cut_in_body,
        b"garbage\r\n\r\n",
    ],
)
def test_a_creation_that_may_have_happened_is_sent_once(run_jumping: Run, fault: Any) -> None:
    async def main() -> None:
        async with WireServer(fault) as server, connect(server) as client:
            with pytest.raises(errors.OutcomeUnknown) as caught:
                await create(client)
            assert len(server.exchanges) == 1
            assert caught.value.__cause__ is not None
            assert "look before" in str(caught.value)
            assert caught.value.request_id == server.exchanges[0].headers["x-request-id"]

    run_jumping(main())


def test_a_creation_that_gets_no_answer_in_time_is_in_doubt(run_jumping: Run) -> None:
    async def main() -> None:
        async with WireServer(silence) as server, connect(server) as client:
            with pytest.raises(errors.OutcomeUnknown):
                await create(client, timeout=5)
            assert len(server.exchanges) == 1

    run_jumping(main())


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (response(404, example("invalid_token")), errors.AuthenticationError),
        (response(422, b'{"info":"contact is invalid"}'), errors.InvalidRequest),
        (response(200, b'{"success":false,"info":"no"}'), errors.StatusError),
        (response(301, location="/api/v2/elsewhere"), errors.StatusError),
        (response(307, location="https://elsewhere.example.com/"), errors.StatusError),
    ],
)
async def test_a_creation_that_was_refused_is_not_in_doubt(fault: bytes, error: type[Exception]) -> None:
    async with WireServer(fault) as server, connect(server) as client:
        with pytest.raises(error):
            await create(client)
        assert [exchange.method for exchange in server.exchanges] == ["POST"]


def test_a_creation_that_was_throttled_is_sent_again(run_jumping: Run) -> None:
    async def main() -> None:
        async with WireServer(response(429), CREATED) as server, connect(server) as client:
            assert (await create(client)).id == 157
            assert len(server.exchanges) == 2

    run_jumping(main())


def test_a_creation_that_was_never_sent_is_tried_again_and_not_in_doubt(run_jumping: Run) -> None:
    async def main() -> None:
        async with WireServer(CREATED) as server:
            base_url = server.base_url
        events: list[Event] = []
        async with KauneongaClient(base_url, TOKEN, on_event=events.append) as client:
            with pytest.raises(errors.ConnectionFailed) as caught:
                await create(client)
        assert (caught.value.phase, caught.value.sent) == ("connect", False)
        assert isinstance(caught.value.__cause__, ConnectionRefusedError)
        assert [event.kind for event in events].count("try") == 5

    run_jumping(main())


async def test_a_creation_never_goes_over_a_connection_that_was_used_before() -> None:
    connections: list[int] = []

    async def note(exchange: Exchange) -> None:
        connections.append(exchange.writer.get_extra_info("peername")[1])
        await exchange.send(OK if exchange.method == "GET" else CREATED)

    async with WireServer(note) as server, connect(server) as client:
        await client.messages.get(939)
        await client.messages.get(939)
        await create(client)
        await create(client)
    assert connections[0] == connections[1]
    assert len(set(connections)) == 3


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
