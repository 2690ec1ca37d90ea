"""``client.to_dos``: created once, listed in either shape, and found again."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kauneonga_async import KauneongaClient, Schedule, ToDo, errors
from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults
from tests.canaries import shown_of_error
from tests.data import example
from tests.wire import TOKEN, WireServer, response

WEEKLY = Schedule(frequency="weekly", times=["9:00 AM"], days=["Tuesday", "Thursday"], interval=2)
ARGUMENTS: dict[str, Any] = {
    "account_number": "W0411",
    "delivery_type": "sms",
    "contact": "jose@kauneonga.com",
    "from_": "+17542838007",
    "message_text": "CANARY: call the clinic",
    "schedule": WEEKLY,
}


async def test_a_to_do_is_created_and_listed(client: KauneongaClient) -> None:
    created = await client.to_dos.create(**ARGUMENTS)
    assert (created.message_text, created.from_) == (ARGUMENTS["message_text"], "7542838007")
    assert created.schedule is not None
    assert created.schedule.rule is not None
    assert created.schedule.rule.validations == {"day": [2, 4]}
    assert await client.to_dos.list() == [created]
    assert [to_do async for to_do in client.to_dos.stream()] == [created]


class Mine(ToDo, frozen=True, kw_only=True):
    priority: str | None = None


class Narrow(msgspec.Struct):
    id: int
    contact: str


class Pair(msgspec.Struct):
    to_do: Narrow
    schedule: dict[str, Any]


async def test_a_to_do_may_be_had_as_any_type(client: KauneongaClient) -> None:
    created = await client.to_dos.create(**ARGUMENTS)
    (mine,) = await client.to_dos.list(record_type=Mine)
    assert isinstance(mine, Mine)
    assert mine.schedule == created.schedule
    (narrow,) = await client.to_dos.list(record_type=Narrow)
    assert narrow == Narrow(created.id, "jose@kauneonga.com")
    (pair,) = await client.to_dos.list(record_type=Pair)
    assert pair.to_do == narrow
    (raw,) = await client.to_dos.list(record_type=msgspec.Raw)
    (content,) = await client.to_dos.list(record_type=dict)
    assert msgspec.json.decode(raw) == content
    assert content.keys() == {"to_do", "schedule"}


async def test_the_list_may_be_a_single_object_as_in_the_document() -> None:
    async with WireServer(response(body=example("to_do"))) as server, KauneongaClient(server.base_url, TOKEN) as client:
        (to_do,) = await client.to_dos.list()
        assert (to_do.id, to_do.schedule is not None and to_do.schedule.id) == (157, 76)


async def test_what_was_created_is_found_by_what_it_says(sandbox: Sandbox, client: KauneongaClient) -> None:
    sandbox.configure(faults=ScriptedFaults([Fault(reset=True, processed=True)]))
    with pytest.raises(errors.OutcomeUnknown):
        await client.to_dos.create(**ARGUMENTS)
    await client.to_dos.create(**{**ARGUMENTS, "message_text": "another"})
    (found,) = await client.to_dos.find(contact="jose@kauneonga.com", message_text=ARGUMENTS["message_text"])
    assert found.message_text == ARGUMENTS["message_text"]
    again = await client.to_dos.create(**ARGUMENTS)
    both = await client.to_dos.find(contact=again.contact or "", message_text=again.message_text or "")
    assert [to_do.id for to_do in both] == [again.id, found.id]
    assert await client.to_dos.find(contact="x", message_text="x", delivery_type="email") == []


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"account_number": ""}, ValueError, "account_number"),
        ({"contact": "  "}, ValueError, "contact"),
        ({"message_text": None}, TypeError, "message_text.*NoneType"),
        ({"message_text": b"CANARY"}, TypeError, "message_text.*bytes"),
        ({"delivery_type": 5}, TypeError, "delivery_type.*int"),
        ({"from_": ""}, ValueError, "from_"),
        ({"schedule": {"frequency": "weekly"}}, TypeError, "schedule.*dict"),
        ({"schedule": Schedule(frequency="", times=["9:00 AM"])}, ValueError, "frequency"),
        ({"schedule": Schedule(frequency="weekly", times=[])}, ValueError, "time"),
        ({"schedule": Schedule(frequency="weekly", times="9:00 AM")}, TypeError, "times"),  # type: ignore[arg-type]
        ({"schedule": Schedule(frequency="weekly", times=["9"], days=[2])}, TypeError, "days"),  # type: ignore[list-item]
        ({"schedule": Schedule(frequency="weekly", times=["9"], interval=0)}, ValueError, "interval.*0"),
        ({"schedule": Schedule(frequency=5, times=["9"])}, TypeError, "frequency.*int"),  # type: ignore[arg-type]
        ({"schedule": Schedule(frequency="  ", times=["9"])}, ValueError, "frequency"),
        ({"schedule": Schedule(frequency="weekly", times=["9", ""])}, ValueError, "times"),
        ({"schedule": Schedule(frequency="weekly", times=["9"], days=["  "])}, ValueError, "days"),
        ({"schedule": Schedule(frequency="weekly", times=["9\ud800"])}, ValueError, "^schedule: .*surrogate"),
        ({"schedule": Schedule(frequency="weekly", times=["9"], interval="2")}, TypeError, "interval.*str"),  # type: ignore[arg-type]
        ({"message_text": "CANARY \ud800"}, ValueError, "^message_text: .*surrogate"),
        ({"contact": "CANARY \udfff"}, ValueError, "^contact: .*surrogate"),
        ({"extra_headers": {"X-A": "CANARY\n"}}, ValueError, "X-A"),
        ({"timeout": 0}, ValueError, "timeout"),
    ],
)
async def test_a_creation_that_cannot_be_is_refused_before_it_is_sent(
    sandbox: Sandbox, client: KauneongaClient, change: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        await client.to_dos.create(**{**ARGUMENTS, **change})
    assert [line for line in shown_of_error(caught.value) if "CANARY" in line] == []
    assert sandbox.requests == []
