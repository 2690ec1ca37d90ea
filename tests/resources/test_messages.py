"""``client.messages``: one, many, and what is refused before anything is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from kauneonga_async import InvalidRecord, KauneongaClient, Message, errors
from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults


class Narrow(msgspec.Struct):
    id: int
    status: str


async def test_one_message_is_had_whole(sandbox: Sandbox, client: KauneongaClient) -> None:
    message = await client.messages.get(1005)
    assert message.id == 1005
    assert message.escalation_counter == 0
    listed = await client.messages.list()
    assert listed[4].escalation_counter is None
    assert listed[4].content == message.content


@pytest.mark.parametrize("record_type", [Message, Narrow, dict, msgspec.Raw, Message[dict[str, str]]])
async def test_a_message_may_be_had_as_any_type(client: KauneongaClient, record_type: Any) -> None:
    one: Any = await client.messages.get(1005, record_type=record_type)
    content = msgspec.json.decode(one) if isinstance(one, msgspec.Raw) else msgspec.to_builtins(one)
    assert content["id"] == 1005
    assert len(await client.messages.list(record_type=record_type)) == 200
    assert len(await client.messages.list(date(2025, 1, 1), date(2025, 1, 9), record_type=record_type)) == 20
    assert len([m async for m in client.messages.get_many([1001, 1002], record_type=record_type)]) == 2


async def test_raw_records_keep_no_buffer_alive(client: KauneongaClient) -> None:
    raws = await client.messages.list(record_type=msgspec.Raw)
    assert all(len(memoryview(raw).obj) == len(memoryview(raw)) for raw in raws)  # type: ignore[arg-type]


@pytest.mark.parametrize("message_id", [0, -1, 2**63])
async def test_an_id_that_cannot_be_is_refused(sandbox: Sandbox, client: KauneongaClient, message_id: int) -> None:
    with pytest.raises(ValueError, match="message_id"):
        await client.messages.get(message_id)
    with pytest.raises(ValueError, match="ids"):
        client.messages.get_many([1001, message_id])
    assert sandbox.requests == []


@pytest.mark.parametrize("message_id", ["1", "../1", "1?x=y", 1.0, True, None, b"1", "\u0661"])
async def test_an_id_that_is_no_integer_is_refused(sandbox: Sandbox, client: KauneongaClient, message_id: Any) -> None:
    with pytest.raises(TypeError, match="message_id"):
        await client.messages.get(message_id)
    with pytest.raises(TypeError, match="ids"):
        client.messages.get_many([message_id])
    assert sandbox.requests == []


async def test_a_missing_message_is_not_found(client: KauneongaClient) -> None:
    with pytest.raises(errors.NotFound):
        await client.messages.get(5)


async def test_an_invalid_message_raises_is_skipped_or_is_handed_over(
    sandbox: Sandbox, client: KauneongaClient
) -> None:
    sandbox.world.edit(1005, read="CANARY")
    with pytest.raises(errors.DecodeError, match=r"record 1005: Expected `bool \| null`, got `str` at \$\.read"):
        await client.messages.get(1005)
    handed: list[InvalidRecord] = []
    policies: list[Any] = ["skip", handed.append]
    assert [await client.messages.get(1005, on_invalid=policy) for policy in policies] == [None, None]
    assert [m.id async for m in client.messages.get_many([1004, 1005], on_invalid=handed.append)] == [1004]
    assert [record.id for record in handed] == [1005, 1005]
    assert msgspec.json.decode(handed[0].raw)["read"] == "CANARY"


async def test_many_come_in_the_order_of_their_ids(sandbox: Sandbox, client: KauneongaClient) -> None:
    ids = [1001 + (n * 37) % 200 for n in range(200)]
    stream = client.messages.get_many(ids, concurrency=7)
    assert [message.id async for message in stream] == ids
    assert stream.report.records == 200


async def test_one_that_is_asked_for_twice_comes_once(sandbox: Sandbox, client: KauneongaClient) -> None:
    stream = client.messages.get_many([1002, 1001, 1002, 1001])
    assert [message.id async for message in stream] == [1002, 1001]
    assert len(sandbox.requests) == 2


async def test_missing_ones_raise_or_are_skipped(client: KauneongaClient) -> None:
    with pytest.raises(errors.NotFound):
        await client.messages.get_many([1001, 5, 1002]).collect()
    found = [m.id async for m in client.messages.get_many([1001, 5, 1002], missing="skip")]
    assert found == [1001, 1002]
    assert await client.messages.get_many([]).collect() == []


async def test_ids_are_read_as_the_stream_goes_on(client: KauneongaClient) -> None:
    taken = 0

    def ids() -> Iterator[int]:
        nonlocal taken
        for value in range(1001, 1201):
            taken += 1
            yield value

    async with client.messages.get_many(ids(), concurrency=2) as stream:
        async for _ in stream:
            await asyncio.sleep(0.02)
            assert taken < 40
            break


async def test_a_bad_id_in_an_iterator_ends_the_stream(client: KauneongaClient) -> None:
    with pytest.raises(TypeError, match="ids"):
        await client.messages.get_many(value for value in (1001, "1002")).collect()  # type: ignore[misc]


async def test_many_survive_faults(sandbox: Sandbox, client: KauneongaClient) -> None:
    sandbox.configure(
        faults=ScriptedFaults([Fault(reset=True), None, Fault(status=500), None, None, Fault(cut_after=9)])
    )
    found = [message.id async for message in client.messages.get_many(range(1001, 1021))]
    assert found == list(range(1001, 1021))


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"ids": 5}, TypeError, "ids.*int"),
        ({"ids": "123"}, TypeError, "ids.*str"),
        ({"ids": [1], "missing": "ignore"}, ValueError, "missing.*'ignore'"),
        ({"ids": [1], "concurrency": 0}, ValueError, "concurrency"),
        ({"ids": [1], "on_invalid": "drop"}, ValueError, "on_invalid.*'drop'"),
        ({"ids": [1], "on_invalid": 5}, TypeError, "on_invalid.*int"),
        ({"ids": [1], "on_invalid": asyncio.sleep}, TypeError, "on_invalid.*not awaited"),
        ({"ids": [1], "missing": None}, TypeError, "missing.*None"),
        ({"ids": [1], "timeout": -1}, ValueError, "timeout"),
        ({"ids": [1], "record_type": int | float | dict[str, int] | dict[int, str]}, TypeError, "record_type"),
    ],
)
async def test_bad_arguments_of_get_many_are_named(
    sandbox: Sandbox, client: KauneongaClient, arguments: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        client.messages.get_many(**arguments)
    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"to_date": date(2025, 1, 1)}, ValueError, "to_date"),
        ({"from_date": date(2025, 1, 2), "to_date": date(2025, 1, 1)}, ValueError, "before"),
        ({"from_date": "2025-01-01"}, TypeError, "from_date"),
        ({"from_date": date(2025, 1, 1), "window": timedelta(hours=1)}, ValueError, "window"),
        ({"from_date": date(2025, 1, 1), "window": 7}, TypeError, "window"),
        ({"from_date": date(2025, 1, 1), "concurrency": -1}, ValueError, "concurrency"),
        ({"from_date": date(2025, 1, 1), "concurrency": True}, TypeError, "concurrency"),
        ({"from_date": date(2025, 1, 1), "ordered": 1}, TypeError, "ordered"),
        ({"on_invalid": "drop"}, ValueError, "on_invalid"),
        ({"max_retries": -1}, ValueError, "max_retries"),
        ({"extra_headers": {"Authorization": "x"}}, ValueError, "extra_headers"),
        ({"record_type": 5}, TypeError, "record_type.*5"),
    ],
)
async def test_bad_arguments_of_stream_are_named_before_any_request(
    sandbox: Sandbox, client: KauneongaClient, arguments: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        client.messages.stream(**arguments)
    with pytest.raises(error, match=said):
        await client.messages.list(**arguments)
    assert sandbox.requests == []
