"""No task and no connection outlives a stream, wherever it is left: and a slow consumer costs memory nothing."""

from __future__ import annotations

import asyncio
import gc
import json
import tracemalloc
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest

from kauneonga_async import KauneongaClient, Message, RecordStream, errors
from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults
from tests.wire import TOKEN, Exchange, WireServer, listing, response

Run = Callable[[Coroutine[Any, Any, Any]], Any]
FIRST, LAST = date(2025, 1, 1), date(2025, 3, 31)


@pytest.fixture
async def busy() -> AsyncIterator[Sandbox]:
    async with Sandbox(messages=3000, compress=False) as sandbox:
        yield sandbox


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


@pytest.mark.parametrize("ordered", [True, False])
async def test_the_consumer_may_ask_for_more_while_it_holds_the_stream_back(busy: Sandbox, ordered: bool) -> None:
    """With a single place in flight, a stream must not starve the calls of its own consumer."""
    async with KauneongaClient(busy.base_url, busy.token, concurrency=1, timeout=5) as client:
        count = 0
        async for message in client.messages.stream(FIRST, LAST, concurrency=4, ordered=ordered):
            if count % 500 == 0:
                assert (await client.messages.get(message.id)).id == message.id
            count += 1
        assert count == 3000


def big_body(count: int) -> bytes:
    return listing([{"id": n + 1, "created_at": "2025-01-05T12:00:00Z", "content": "x" * 900} for n in range(count)])


async def test_a_consumer_that_pauses_holds_back_the_socket() -> None:
    sent = 0

    async def pour(exchange: Exchange) -> None:
        nonlocal sent
        body = big_body(30_000)
        await exchange.send(response(body=b"", content_length=str(len(body))))
        for start in range(0, len(body), 65536):
            await exchange.send(body[start : start + 65536])
            sent += 65536

    async with WireServer(pour) as server, KauneongaClient(server.base_url, TOKEN) as client:
        async with client.messages.stream() as stream:
            async for _ in stream:
                await asyncio.sleep(0.3)
                held_at = sent
                await asyncio.sleep(0.3)
                assert sent == held_at < 15_000_000
                break


@pytest.mark.parametrize("ordered", [True, False])
async def test_memory_does_not_grow_with_the_range(busy: Sandbox, ordered: bool) -> None:
    async with KauneongaClient(busy.base_url, busy.token, concurrency=4) as client:
        peaks = []
        for last in (date(2025, 1, 20), LAST):
            tracemalloc.start()
            async for _ in client.messages.stream(FIRST, last, window=timedelta(days=10), ordered=ordered):
                pass
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert peaks[1] < peaks[0] * 1.5 + 2_000_000


def test_a_slow_consumer_times_nothing_out_and_reads_nothing_twice(run_jumping: Run) -> None:
    """Slower than every timeout there is; the body is read aside, and the connection is not left idle."""

    async def main() -> None:
        async with WireServer(response(body=big_body(8000))) as server:
            async with KauneongaClient(server.base_url, TOKEN, timeout=10) as client:
                count = 0
                async for batch in client.messages.stream().batches():
                    await asyncio.sleep(100)
                    count += len(batch)
                assert count == 8000
            assert len(server.exchanges) == 1

    run_jumping(main())


def test_a_connection_that_was_lost_because_we_held_it_back_costs_no_retry(run_jumping: Run) -> None:
    """The server cuts what stands idle; the window is asked for again, and goes on with what was not handed out."""
    body = big_body(30_000)

    async def cut_when_idle(exchange: Exchange) -> None:
        await exchange.send(response(body=b"", content_length=str(len(body))))
        for start in range(0, len(body), 65536):
            exchange.writer.write(body[start : start + 65536])
            try:
                async with asyncio.timeout(3):
                    await exchange.writer.drain()
            except TimeoutError:
                exchange.reset()
                return

    async def main() -> None:
        async with WireServer(cut_when_idle) as server:
            async with KauneongaClient(server.base_url, TOKEN, max_retries=0) as client:
                found = []
                async for batch in client.messages.stream().batches():
                    found += [message.id for message in batch]
                    await asyncio.sleep(4)
                assert found == list(range(1, 30_001))
            assert len(server.exchanges) > 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kauneonga_async.config.HOLD_SECONDS", 1e9)
        run_jumping(main())


def test_later_windows_of_an_ordered_stream_are_read_aside(run_jumping: Run) -> None:
    """While the first window dawdles, those behind it are read to their end, and none is asked for twice."""
    asked: list[str] = []

    async def serve(exchange: Exchange) -> None:
        asked.append(exchange.target)
        first = _parse(parse_qs(urlsplit(exchange.target).query)["from_date"][0]) + timedelta(days=1)
        if first == FIRST:
            await asyncio.sleep(600)
        records = [
            {"id": first.day * 10_000 + n, "created_at": f"{first}T12:00:00Z", "note": "x" * 900}
            for n in range(3000 + first.day)
        ]
        await exchange.send(response(body=json.dumps({"data": records}).encode()))

    async def main() -> None:
        async with WireServer(serve) as server, KauneongaClient(server.base_url, TOKEN, timeout=1000) as client:
            stream = client.messages.stream(
                date(2025, 1, 1), date(2025, 1, 28), window=timedelta(days=7), concurrency=4
            )
            found = [message.id async for message in stream]
            assert found == sorted(found)
            assert len(found) == 12_000 + 1 + 8 + 15 + 22
            assert len(asked) == 4
            assert stream.report.retries == 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kauneonga_async.config.SPOOL_MEMORY", 200_000)
        run_jumping(main())


@pytest.mark.parametrize("cut", [0, 1, 1000, 60_000, 140_000, 400_000])
async def test_a_connection_cut_in_mid_body_repeats_nothing(cut: int) -> None:
    faults = ScriptedFaults([Fault(cut_after=cut), Fault(cut_after=cut // 2)])
    async with Sandbox(messages=600, faults=faults, compress=False) as sandbox:
        async with KauneongaClient(sandbox.base_url, sandbox.token) as client:
            stream = client.messages.stream()
            assert [message.id async for message in stream] == list(sandbox.world.message_ids())
            assert stream.report.retries == 2
            assert stream.report.records == 600


async def test_a_window_that_never_comes_whole_is_cut_in_two() -> None:
    def cut_what_is_long(method: str, path: str) -> Fault | None:
        return Fault(cut_after=200_000)

    async with Sandbox(messages=900, faults=cut_what_is_long, compress=False) as sandbox:
        async with KauneongaClient(sandbox.base_url, sandbox.token) as client:
            stream = client.messages.stream(FIRST, date(2025, 1, 28), window=timedelta(days=28))
            found = [message.id async for message in stream]
            assert len(found) == len(set(found)) == 280
            assert stream.report.splits >= 3


@pytest.mark.parametrize("status", [413, 504])
async def test_a_window_that_is_too_large_is_cut_down_to_size(status: int) -> None:
    async def limited(exchange: Exchange) -> None:
        query = parse_qs(urlsplit(exchange.target).query)
        first, last = (_parse(query[name][0]) for name in ("from_date", "to_date"))
        if (last - first).days > 5:
            await exchange.send(response(status))
            return
        days = [first + timedelta(days=n) for n in range((last - first).days)]
        records = [{"id": day.toordinal(), "created_at": f"{day}T12:00:00Z"} for day in days]
        await exchange.send(response(body=listing(records)))

    async with WireServer(limited) as server, KauneongaClient(server.base_url, TOKEN) as client:
        stream = client.messages.stream(FIRST, date(2025, 1, 31), window=timedelta(days=31))
        found = [message.id async for message in stream]
        assert found == [date(2025, 1, day).toordinal() for day in range(1, 32)]
        assert stream.report.splits == 14
        assert stream.report.windows == 15
        assert stream.report.retries == 0


def _parse(text: str) -> date:
    month, day, year = map(int, text.split("-"))
    return date(year, month, day)


def test_a_window_that_times_out_is_cut_in_two(run_jumping: Run) -> None:
    async def slow_when_large(exchange: Exchange) -> None:
        if "from_date=12-31-2024" in exchange.target and "to_date=01-30-2025" in exchange.target:
            await asyncio.sleep(3600)
        await exchange.send(response(body=listing([])))

    async def main() -> None:
        async with WireServer(slow_when_large) as server, KauneongaClient(server.base_url, TOKEN, timeout=10) as client:
            stream = client.messages.stream(FIRST, date(2025, 1, 28), window=timedelta(days=28))
            assert [message async for message in stream] == []
            assert stream.report.splits == 1

    run_jumping(main())


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


async def test_an_invalid_record_is_told_of_once_over_windows_and_tries() -> None:
    faults = ScriptedFaults([Fault(cut_after=100_000), Fault(cut_after=100_000)])
    async with Sandbox(messages=900, faults=faults, compress=False) as sandbox:
        sandbox.world.edit(1020, created_at="yesterday")
        sandbox.world.edit(1030, read="CANARY")
        sandbox.world.edit(1040, id="CANARY", created_at=None)
        async with KauneongaClient(sandbox.base_url, sandbox.token) as client:
            told: list[int | None] = []
            stream = client.messages.stream(
                FIRST, LAST, window=timedelta(days=3), on_invalid=lambda record: told.append(record.id)
            )
            found = [message.id async for message in stream]
            assert len(found) == 897
            assert sorted(map(str, told)) == ["1020", "1030", "None"]
            assert stream.report.invalid == 3


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


async def test_a_broken_window_that_waits_for_its_turn_keeps_no_place() -> None:
    # One place in flight: the first window fails and waits, the second breaks off and waits for the first.
    faults = ScriptedFaults([Fault(status=500), Fault(cut_after=2000)])
    async with (
        Sandbox(messages=200, faults=faults) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token, concurrency=1) as client,
        asyncio.timeout(20),
    ):
        stream = client.messages.stream(date(2025, 1, 1), date(2025, 3, 31), concurrency=2)
        assert len([message async for message in stream]) == 200
