"""Windows that dawdle, break off, time out or are too large: no record is lost, and none handed out twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from kauneonga_async import KauneongaClient, config
from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults
from tests.wire import TOKEN, Exchange, WireServer, listing, response

Run = Callable[[Coroutine[Any, Any, Any]], Any]
FIRST, LAST = date(2025, 1, 1), date(2025, 3, 31)


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


def refuse(is_too_much: Callable[[date, date], bool]) -> Callable[[Exchange], Any]:
    """Serve a record a day, and answer 504 for what is too much."""

    async def serve(exchange: Exchange) -> None:
        query = parse_qs(urlsplit(exchange.target).query)
        first, last = (_parse(query[name][0]) for name in ("from_date", "to_date"))
        if is_too_much(first, last):
            await exchange.send(response(504))
            return
        days = [first + timedelta(days=n) for n in range((last - first).days)]
        await exchange.send(
            response(body=listing([{"id": d.toordinal(), "created_at": f"{d}T12:00:00Z"} for d in days]))
        )

    return serve


@pytest.mark.parametrize("concurrency", [1, 16])
async def test_a_server_that_answers_single_days_alone_is_got_through(concurrency: int) -> None:
    """Sixteen windows are too much at once, on five levels: what one teaches is not paid for by each."""
    serve = refuse(lambda first, last: (last - first).days > 4)  # of which two or three are padding
    async with WireServer(serve) as server, KauneongaClient(server.base_url, TOKEN) as client:
        stream = client.messages.stream(
            date(2021, 1, 1), date(2023, 12, 31), window=timedelta(days=31), concurrency=concurrency
        )
        assert len([message async for message in stream]) == 3 * 365
        assert stream.report.windows > 3 * 365 // 2
        assert client._transport._budget._tokens == config.BUDGET


async def test_what_a_window_s_parts_cost_is_given_back_when_they_are_read() -> None:
    """Every other window is too much, so that none is taken for too long: a hundred, of a budget for 35."""
    serve = refuse(lambda first, last: (last - first).days > 20 and first.toordinal() // 31 % 2 == 0)
    async with WireServer(serve) as server, KauneongaClient(server.base_url, TOKEN) as client:
        stream = client.messages.stream(date(2007, 1, 1), date(2023, 12, 31), window=timedelta(days=31), concurrency=1)
        assert len([message async for message in stream]) == 17 * 365 + 4
        assert stream.report.splits == pytest.approx(100, abs=2)
        assert client._transport._budget._tokens == config.BUDGET


async def test_from_the_second_504_on_windows_are_not_asked_for_whole() -> None:
    serve = refuse(lambda first, last: (last - first).days > 20)
    async with WireServer(serve) as server, KauneongaClient(server.base_url, TOKEN) as client:
        stream = client.messages.stream(date(2023, 1, 1), date(2023, 12, 31), window=timedelta(days=31), concurrency=1)
        assert len([message async for message in stream]) == 365
        assert stream.report.splits == 12
        assert len(server.exchanges) == stream.report.windows + 2


async def test_one_504_that_passes_cuts_no_window_but_its_own() -> None:
    passing = iter([False, True])
    serve = refuse(lambda first, last: next(passing, False))
    async with WireServer(serve) as server, KauneongaClient(server.base_url, TOKEN) as client:
        stream = client.messages.stream(date(2023, 1, 1), date(2023, 12, 31), window=timedelta(days=31), concurrency=1)
        assert len([message async for message in stream]) == 365
        assert stream.report.windows == 12 + 1


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
