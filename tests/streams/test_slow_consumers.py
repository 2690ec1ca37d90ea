"""A slow consumer holds the socket back, and costs neither memory nor a request."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable, Coroutine
from datetime import date, timedelta
from typing import Any

import pytest

from kauneonga_async import KauneongaClient
from kauneonga_async.sandbox import Sandbox
from tests.wire import TOKEN, Exchange, WireServer, listing, response

Run = Callable[[Coroutine[Any, Any, Any]], Any]
FIRST, LAST = date(2025, 1, 1), date(2025, 3, 31)


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
