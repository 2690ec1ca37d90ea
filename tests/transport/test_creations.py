"""Creations over a real socket: sent once where they may have happened, and again only where they have not."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import pytest

from kauneonga_async import Event, KauneongaClient, Schedule, errors
from tests.data import example
from tests.transport.scripted import OK, connect, cut_in_body, reset, silence
from tests.wire import TOKEN, Exchange, WireServer, response

Run = Callable[[Coroutine[Any, Any, Any]], Any]
CREATED = response(201, example("to_do"))
SCHEDULE = Schedule(frequency="weekly", times=["9:00 AM"], days=["Tuesday"])


def create(client: KauneongaClient, **options: Any) -> Coroutine[Any, Any, Any]:
    return client.to_dos.create(
        account_number="W0411", delivery_type="sms", contact="jose@kauneonga.com", from_="+17542838007",
        message_text="CANARY TEXT: call the clinic", schedule=SCHEDULE, **options
    )  # fmt: skip


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
