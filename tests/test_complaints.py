"""What users of other SDKs complain of does not happen here: a test for each complaint, named after it.

The names in brackets are the issues where the complaint was made.
"""

from __future__ import annotations

import asyncio
import gc
import pickle
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from kauneonga_async import Event, KauneongaClient, Message, Schedule, config, errors
from kauneonga_async.sandbox import Sandbox
from tests.data import example
from tests.wire import TOKEN, Exchange, WireServer, response

Run = Callable[[Coroutine[Any, Any, Any]], Any]
OK = response(body=example("message"))


async def reset(exchange: Exchange) -> None:
    exchange.reset()


async def test_forgetting_to_close_does_no_io_when_collected() -> None:
    """(openai-python 1254; twilio-python 866, 788, 925)"""
    async with WireServer(OK) as server:
        client = KauneongaClient(server.base_url, TOKEN)
        await client.messages.get(939)
        session = client._transport.sessions._pooled
        assert session is not None
        before = asyncio.all_tasks()
        with pytest.warns(ResourceWarning, match="never closed"):  # noqa: PT031
            del client
            gc.collect()
        assert asyncio.all_tasks() == before
        await session.close()


def test_a_second_event_loop_is_a_clear_error_at_once() -> None:
    """(httpx 2058, stripe-python 327)"""

    async def use(client: KauneongaClient) -> None:
        await client.messages.get(1, max_retries=0)

    client = KauneongaClient("http://127.0.0.1:9", TOKEN)
    with asyncio.Runner() as first, asyncio.Runner() as second:
        with pytest.raises(errors.ConnectionFailed):
            first.run(use(client))
        for _ in range(10):
            with pytest.raises(errors.WrongEventLoop):
                second.run(use(client))
        first.run(client.aclose())


def test_a_timeout_of_thirty_seconds_takes_no_more(run_jumping: Run) -> None:
    """(openai-python 3828: ``timeout=30`` waited 91 s.) Options that are ignored: see test_client.py."""

    async def slow(exchange: Exchange) -> None:
        await asyncio.sleep(20)
        await exchange.send(response(500))

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        async with WireServer(slow) as server, KauneongaClient(server.base_url, TOKEN, timeout=30) as client:
            began = clock()
            with pytest.raises(errors.RequestTimeout) as caught:
                await client.messages.get(939)
            assert clock() - began == pytest.approx(30, abs=0.5)
            assert isinstance(caught.value.__cause__, errors.ServerError)

    run_jumping(main())


def test_a_response_that_is_retried_keeps_no_connection(run_jumping: Run) -> None:
    """(pydantic-ai 2724)"""

    async def main() -> None:
        async with WireServer(response(503, b"x" * 10_000_000)) as server:
            async with KauneongaClient(server.base_url, TOKEN, timeout=1000) as client:
                call = asyncio.create_task(client.messages.get(939))
                while not server.exchanges:
                    await asyncio.sleep(0.001)
                for _ in range(200):
                    await asyncio.sleep(0)
                session = client._transport.sessions._pooled
                assert session is not None
                assert not session.connector._acquired  # type: ignore[union-attr]
                assert client._transport._places.in_use == 0
                call.cancel()

    run_jumping(main())


def test_tries_are_counted_right_under_concurrency(run_jumping: Run) -> None:
    """(one shared AsyncRetrying made 2, 2, 2 and 1 tries where 3 were asked for)"""

    async def main() -> None:
        attempts: dict[str, int] = {}

        def note(event: Event) -> None:
            if event.kind == "try":
                attempts[event.request_id] = attempts.get(event.request_id, 0) + 1

        async with WireServer(reset) as server:
            async with KauneongaClient(server.base_url, TOKEN, max_retries=2, on_event=note, timeout=999) as client:
                calls = (client.messages.get(n) for n in range(1, 11))
                await asyncio.gather(*calls, return_exceptions=True)
        assert list(attempts.values()) == [3] * 10

    run_jumping(main())


async def test_an_error_is_found_by_its_own_name_and_not_in_a_group() -> None:
    """(anyio 668)"""
    async with (
        WireServer(response(429, retry_after="9999")) as server,
        KauneongaClient(server.base_url, TOKEN) as client,
    ):
        with pytest.raises(errors.RateLimited) as caught:
            await client.messages.list(date(2025, 1, 1), date(2025, 3, 31), window=timedelta(days=7))
        assert caught.value.retry_after == 9999
        # Of another account, which was not asked for a pause yet.
        with pytest.raises(errors.RateLimited):
            await client.with_token("another").messages.get_many(range(1, 20)).collect()


def fail_in_a_process(kind: str) -> None:
    raise getattr(errors, kind)("what was tried", request_id="r-1")


def test_an_error_comes_home_from_a_process_pool() -> None:
    """(openai: errors that do not unpickle hang the pool)"""
    with ProcessPoolExecutor(1) as pool:
        for kind in errors.__all__:
            with pytest.raises(getattr(errors, kind), match="what was tried"):
                pool.submit(fail_in_a_process, kind).result(timeout=30)


async def test_nothing_is_sent_twice_after_a_timeout() -> None:
    """(twilio-ruby 519)"""

    async def accept_and_say_nothing(exchange: Exchange) -> None:
        await asyncio.sleep(60)

    async with WireServer(accept_and_say_nothing) as server, KauneongaClient(server.base_url, TOKEN) as client:
        with pytest.raises(errors.OutcomeUnknown):
            await client.to_dos.create(
                account_number="W0411", delivery_type="sms", contact="a", from_="b", message_text="c",
                schedule=Schedule(frequency="weekly", times=["9:00 AM"]), timeout=0.1,
            )  # fmt: skip
        assert len(server.exchanges) == 1


async def test_windows_of_one_endpoint_are_asked_for_at_once() -> None:
    """(dlt 2844)"""
    async with Sandbox(messages=100, latency=0.1) as sandbox:
        async with KauneongaClient(sandbox.base_url, sandbox.token) as client:
            began = time.monotonic()
            await client.messages.list(date(2025, 1, 1), date(2025, 3, 31), window=timedelta(days=6))
            assert len(sandbox.requests) == 15
            assert time.monotonic() - began < 15 * 0.1 / 3


def test_retries_can_be_seen(run_jumping: Run) -> None:
    """(openai-python 1190)"""

    async def main() -> None:
        events: list[Event] = []
        async with WireServer(reset, OK) as server:
            async with KauneongaClient(server.base_url, TOKEN, on_event=events.append) as client:
                await client.messages.get(939)
        first, wait, second = events
        assert (first.attempt, first.error, first.status) == (1, "ConnectionFailed", None)
        assert (wait.kind, wait.seconds > 0) == ("wait", True)
        assert (second.attempt, second.error, second.status) == (2, None, 200)
        assert first.request_id == wait.request_id == second.request_id == server.exchanges[0].headers["x-request-id"]

    run_jumping(main())


async def test_a_new_field_or_endpoint_needs_no_release() -> None:
    body = b'{"data":{"id":1,"brand_new":{"a":1}}}'

    class Newer(Message, frozen=True, kw_only=True):
        brand_new: dict[str, int]

    async with WireServer(response(body=body)) as server, KauneongaClient(server.base_url, TOKEN) as client:
        assert (await client.messages.get(1, record_type=Newer)).brand_new == {"a": 1}
        assert bytes(await client.messages.get(1, record_type=msgspec.Raw)) == b'{"id":1,"brand_new":{"a":1}}'
        assert (await client.request("GET", "/v3/agents", extra_headers={"X-New": "1"})).data["id"] == 1


async def test_the_server_s_logs_can_be_matched() -> None:
    async with WireServer(response(404)) as server, KauneongaClient(server.base_url, TOKEN) as client:
        with pytest.raises(errors.NotFound) as caught:
            await client.messages.get(1)
        request_id = server.exchanges[0].headers["x-request-id"]
        assert caught.value.request_id == request_id
        assert request_id in str(caught.value)
        assert pickle.loads(pickle.dumps(caught.value)).request_id == request_id


async def test_decoding_a_large_body_stalls_no_loop() -> None:
    """(39 MB: 217 ms at once, and 199 ms in a thread.) Counted in slices: none is decoded after another in one turn."""
    records = [{"id": n, "content": "x" * 1000} for n in range(1, 8001)]
    body = msgspec.json.encode({"data": records})
    turns = 0
    async with WireServer(response(body=body)) as server, KauneongaClient(server.base_url, TOKEN) as client:
        done = asyncio.Event()

        async def count_turns() -> None:
            nonlocal turns
            while not done.is_set():
                turns += 1
                await asyncio.sleep(0)

        counter = asyncio.create_task(count_turns())
        found = [len(batch) async for batch in client.messages.stream().batches()]
        done.set()
        await counter
    assert sum(found) == 8000
    assert max(found) < 400
    assert turns > len(body) / config.SLICE_BYTES
