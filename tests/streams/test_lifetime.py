"""No task and no connection outlives a stream, wherever it is left."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from datetime import date, timedelta
from typing import Any

import anyio
import pytest

from kauneonga_async import InvalidRecord, KauneongaClient, Message, RecordStream, errors
from kauneonga_async.sandbox import Sandbox
from tests.wire import TOKEN, Exchange, WireServer, listing, response

Run = Callable[[Coroutine[Any, Any, Any]], Any]
FIRST, LAST = date(2025, 1, 1), date(2025, 3, 31)


def connections(client: KauneongaClient) -> int:
    session = client._transport.sessions._pooled
    return 0 if session is None else len(session.connector._acquired)  # type: ignore[union-attr]


def tasks() -> set[asyncio.Task[Any]]:
    return {task for task in asyncio.all_tasks() if "kauneonga" in task.get_name()}


async def turns_until_released(client: KauneongaClient) -> int:
    for turn in range(30):
        if not connections(client) and not tasks():
            return turn
        await asyncio.sleep(0)
    raise AssertionError(f"{connections(client)} connections, {tasks()}")


def stream_of(client: KauneongaClient, *, ordered: bool = True) -> RecordStream[Message]:
    return client.messages.stream(FIRST, LAST, window=timedelta(days=5), concurrency=8, ordered=ordered)


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("after", [1, 100, 2000])
async def test_break_releases_everything_at_once(busy: Sandbox, after: int, ordered: bool) -> None:
    async with KauneongaClient(busy.base_url, busy.token) as client:
        count = 0
        async for _ in stream_of(client, ordered=ordered):
            count += 1
            if count == after:
                break
        assert await turns_until_released(client) <= 10
        assert client._transport._places.in_use == 0


async def test_an_exception_in_the_loop_releases_everything_at_once(busy: Sandbox) -> None:
    async with KauneongaClient(busy.base_url, busy.token) as client:
        with pytest.raises(ZeroDivisionError):
            async for message in stream_of(client):
                assert message.id / 0
        assert await turns_until_released(client) <= 10


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 13, 40, 100, 300])
async def test_cancellation_at_any_turn_releases_everything_at_once(busy: Sandbox, turns: int) -> None:
    async with KauneongaClient(busy.base_url, busy.token) as client:

        async def consume() -> None:
            async for _ in stream_of(client):
                await asyncio.sleep(0)

        consumer = asyncio.create_task(consume())
        for _ in range(turns):
            await asyncio.sleep(0)
        consumer.cancel()
        await asyncio.wait([consumer])
        assert await turns_until_released(client) <= 10
        assert client._transport._places.in_use == 0


async def test_a_timeout_around_the_loop_releases_everything(busy: Sandbox) -> None:
    busy.configure(latency=0.05)
    async with KauneongaClient(busy.base_url, busy.token) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                async for _ in client.messages.stream(FIRST, LAST, window=timedelta(days=1), concurrency=2):
                    pass
        assert await turns_until_released(client) <= 10


async def test_a_scope_of_anyio_s_ends_a_loop_that_is_never_kept_waiting() -> None:
    async def flood(exchange: Exchange) -> None:
        await exchange.send(
            response(body=listing([{"id": number, "content": "x" * 2000} for number in range(1, 5000)]))
        )

    count = 0
    async with WireServer(flood) as server, KauneongaClient(server.base_url, TOKEN) as client:
        with anyio.CancelScope() as scope:
            async for batch in client.messages.stream().batches():
                count += len(batch)
                scope.cancel()
        assert scope.cancelled_caught
        assert count < 4999
        assert await turns_until_released(client) <= 10


async def test_an_iteration_that_was_cancelled_does_not_look_finished(busy: Sandbox) -> None:
    busy.configure(latency=0.2)
    async with KauneongaClient(busy.base_url, busy.token) as client:
        iterator = aiter(client.messages.stream(FIRST, LAST))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(iterator), 0.05)
        with pytest.raises(RuntimeError, match="cancelled"):
            await anext(iterator)


async def test_leaving_the_block_waits_until_all_is_released(busy: Sandbox) -> None:
    async with KauneongaClient(busy.base_url, busy.token) as client:
        async with stream_of(client) as stream:
            iterator = aiter(stream)
            await anext(iterator)
        assert not connections(client)
        assert not tasks()
        with pytest.raises(RuntimeError, match="closed"):
            while True:
                await anext(iterator)


async def test_aclose_ends_every_iteration_of_a_stream(busy: Sandbox) -> None:
    async with KauneongaClient(busy.base_url, busy.token) as client:
        stream = stream_of(client)
        iterators = [aiter(stream), aiter(stream), aiter(stream.batches())]
        await anext(iterators[0])
        await anext(iterators[1])
        await stream.aclose()
        assert not tasks()
        await stream.aclose()


async def test_a_stream_that_is_closed_with_records_in_hand_does_not_look_finished() -> None:
    """Its run is done; the consumer has not received all that it found, and another task closes the stream."""
    async with Sandbox(messages=100) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        stream = client.messages.stream(FIRST, LAST, window=timedelta(days=31))
        iterator = stream.batches()
        count = len(await anext(iterator))
        while tasks():
            await asyncio.sleep(0)
        assert count < stream.report.records == 100
        await stream.aclose()
        with pytest.raises(RuntimeError, match="closed"):
            await anext(iterator)


async def test_a_stream_that_has_handed_on_everything_is_finished_even_if_it_is_closed() -> None:
    async with Sandbox(messages=100) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        stream = client.messages.stream(FIRST, LAST, window=timedelta(days=31))
        iterator = stream.batches()
        count = 0
        while count < 100:
            count += len(await anext(iterator))
        while tasks():
            await asyncio.sleep(0)
        await stream.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(iterator)


@pytest.mark.parametrize("kind", ["stream", "get_many"])
async def test_a_run_that_somebody_else_has_cancelled_does_not_look_finished(busy: Sandbox, kind: str) -> None:
    """As a program does that cancels all tasks to end."""
    async with KauneongaClient(busy.base_url, busy.token) as client:
        stream = stream_of(client) if kind == "stream" else client.messages.get_many(range(1001, 4001))
        count = 0
        with pytest.raises(RuntimeError, match="cancelled"):
            async for batch in stream.batches():
                count += len(batch)
                for task in tasks():
                    task.cancel()
        assert count < 3000


async def test_an_abandoned_iterator_is_cleaned_up(busy: Sandbox) -> None:
    async with KauneongaClient(busy.base_url, busy.token) as client:
        iterator = aiter(stream_of(client))
        await anext(iterator)
        del iterator
        gc.collect()
        assert await turns_until_released(client) <= 10


async def test_closing_the_client_ends_its_streams_with_an_error(busy: Sandbox) -> None:
    client = KauneongaClient(busy.base_url, busy.token)
    iterator = aiter(stream_of(client))
    await anext(iterator)
    await client.aclose()
    assert not tasks()
    with pytest.raises(errors.ClientClosed):
        while True:
            await anext(iterator)


async def test_nothing_is_asked_before_the_first_record_is(busy: Sandbox) -> None:
    async with KauneongaClient(busy.base_url, busy.token) as client:
        stream = stream_of(client)
        aiter(stream)
        await asyncio.sleep(0.01)
        assert busy.requests == []
        assert stream.report.windows == 0


async def test_one_error_ends_all_windows_and_comes_out_bare() -> None:
    async with Sandbox(messages=500) as sandbox, KauneongaClient(sandbox.base_url, "wrong") as client:
        with pytest.raises(errors.AuthenticationError) as caught:
            await client.messages.list(FIRST, LAST, window=timedelta(days=1))
        assert type(caught.value) is errors.AuthenticationError
        assert len(sandbox.requests) <= 16
        assert await turns_until_released(client) <= 10


async def test_what_on_invalid_raises_ends_the_stream() -> None:
    class Enough(Exception):
        pass

    def refuse(record: object) -> None:
        raise Enough

    async with Sandbox(messages=50) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        sandbox.world.edit(1020, read="CANARY")
        with pytest.raises(Enough):
            await client.messages.list(FIRST, LAST, on_invalid=refuse)
        assert await turns_until_released(client) <= 10


@pytest.mark.parametrize("reason", [errors.ConnectionFailed("down", phase="body"), errors.RequestTimeout("late")])
async def test_what_on_invalid_raises_is_not_taken_for_the_server_s_doing(reason: errors.KauneongaError) -> None:
    """A sink that is reached by this package, too: no window is asked for again, and none is cut in two."""

    def refuse(record: object) -> None:
        raise reason

    async with Sandbox(messages=50) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        sandbox.world.edit(1020, read="CANARY")
        stream = client.messages.stream(FIRST, LAST, window=timedelta(days=120), on_invalid=refuse)
        with pytest.raises(type(reason)) as caught:
            await stream.collect()
        assert caught.value is reason
        assert (stream.report.retries, stream.report.splits) == (0, 0)
        with pytest.raises(type(reason)) as caught:
            await client.messages.get(1020, on_invalid=refuse)
        assert caught.value is reason


async def test_on_invalid_may_raise_the_record_s_own_error() -> None:
    def refuse(record: InvalidRecord) -> None:
        raise record.error

    async with Sandbox(messages=50) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        sandbox.world.edit(1020, read="CANARY")
        with pytest.raises(errors.DecodeError) as caught:
            await client.messages.list(FIRST, LAST, on_invalid=refuse)
        assert (caught.value.record_id, caught.value.path) == (1020, "$.read")
        assert caught.value.request_id is not None


async def test_a_stream_can_be_iterated_again(busy: Sandbox) -> None:
    async with KauneongaClient(busy.base_url, busy.token) as client:
        stream = client.messages.stream(FIRST, date(2025, 1, 31))
        first = [message.id async for message in stream]
        assert [message.id async for message in stream] == first
        assert stream.report.records == len(first)


async def test_streams_side_by_side(busy: Sandbox) -> None:
    async with KauneongaClient(busy.base_url, busy.token, concurrency=3) as client:
        results = await asyncio.gather(*(client.messages.list(FIRST, LAST) for _ in range(5)))
        assert [len(result) for result in results] == [3000] * 5
