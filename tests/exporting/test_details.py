"""Exports of whole messages, where a list is but a summary."""

from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import anyio
import msgspec
import pytest

from kauneonga_async import KauneongaClient, errors, export_messages, verify_export
from kauneonga_async.exporting.details import InTurn
from kauneonga_async.files import AtomicFile
from kauneonga_async.sandbox import RandomFaults, Sandbox
from tests.exporting.readers import ids_in, lines_in, parts_of
from tests.quota import allow
from tests.wire import TOKEN, Exchange, WireServer, listing, response

FIRST, LAST = date(2025, 1, 1), date(2025, 3, 31)


def summary(message_id: int) -> dict[str, Any]:
    return {"id": message_id, "created_at": "2025-01-01T12:00:00.000Z"}


def detail(message_id: int) -> dict[str, Any]:
    return {**summary(message_id), "content": f"the whole of {message_id}", "custom": [message_id]}


def serve(ids: list[int], gone: frozenset[int] = frozenset()) -> Callable[[Exchange], Any]:
    async def answer(exchange: Exchange) -> None:
        path = exchange.target.partition("?")[0]
        if path == "/api/v2/messages":
            await exchange.send(response(body=listing([summary(message_id) for message_id in ids])))
        elif (message_id := int(path.rpartition("/")[2])) in gone:
            await exchange.send(response(404, b'{"success":false,"info":"Not found","data":{}}'))
        else:
            body = json.dumps({"data": detail(message_id)}, separators=(",", ":")).encode()
            await exchange.send(response(body=body))

    return answer


def _parse(text: str) -> date:
    month, day, year = map(int, text.split("-"))
    return date(year, month, day)


async def test_each_message_is_written_whole(tmp_path: Path) -> None:
    async with WireServer(serve([3, 1, 2])) as server, KauneongaClient(server.base_url, TOKEN) as client:
        report = await export_messages(client, tmp_path, FIRST, FIRST, details=True)
    assert [json.loads(line) for line in lines_in(tmp_path)] == [detail(3), detail(1), detail(2)]
    assert (report.records, report.without_details) == (3, 0)
    assert report.bytes_written == sum(path.stat().st_size for path in parts_of(tmp_path))


async def test_a_message_that_is_gone_by_then_stays_as_it_was_listed(tmp_path: Path) -> None:
    async with (
        WireServer(serve([1, 2, 3], gone=frozenset({2}))) as server,
        KauneongaClient(server.base_url, TOKEN) as client,
    ):
        report = await export_messages(client, tmp_path, FIRST, FIRST, details=True)
    assert [json.loads(line) for line in lines_in(tmp_path)] == [detail(1), summary(2), detail(3)]
    assert report.without_details == 1
    assert (await verify_export(tmp_path)).records == 3


@pytest.mark.parametrize(
    "answer", [{"content": "no id"}, {"id": "2", "content": "text"}, {"id": 99999}, {"id": 3}, {"id": None}], ids=str
)
async def test_a_message_whose_answer_does_not_have_its_id_stays_as_it_was_listed(answer: Any, tmp_path: Path) -> None:
    inner = serve([1, 2, 3])

    async def confused(exchange: Exchange) -> None:
        if exchange.target.endswith("/2"):
            await exchange.send(response(body=json.dumps({"data": answer}).encode()))
        else:
            await inner(exchange)

    async with WireServer(confused) as server, KauneongaClient(server.base_url, TOKEN) as client:
        report = await export_messages(client, tmp_path, FIRST, FIRST, details=True)
    assert [json.loads(line) for line in lines_in(tmp_path)] == [detail(1), summary(2), detail(3)]
    assert (report.records, report.without_details) == (3, 1)
    assert (await verify_export(tmp_path)).records == 3


async def test_details_are_fetched_many_at_once_and_no_more_than_allowed(tmp_path: Path) -> None:
    now = most = 0
    inner = serve(list(range(1, 60)))

    async def slow(exchange: Exchange) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        await inner(exchange)

    async with WireServer(slow) as server, KauneongaClient(server.base_url, TOKEN, concurrency=6) as client:
        await export_messages(client, tmp_path, FIRST, FIRST, details=True)
    assert most == 6
    assert ids_in(tmp_path) == list(range(1, 60))


@pytest.mark.parametrize(("at_once", "places"), [(4, 16), (None, 4)])
async def test_the_details_of_all_windows_together_are_no_more_than_allowed(
    at_once: int | None, places: int, tmp_path: Path
) -> None:
    now = most = 0

    async def slow(exchange: Exchange) -> None:
        nonlocal now, most
        path, _, query = exchange.target.partition("?")
        if path == "/api/v2/messages":
            first, last = (_parse(day[0]) for day in parse_qs(query).values())
            days = [first + timedelta(days=n) for n in range((last - first).days)]
            records = [
                {"id": 10 * day.toordinal() + n, "created_at": f"{day}T12:00:00Z"}
                for day in days
                for n in range(day.day)
            ]
            await exchange.send(response(body=listing(records)))
            return
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.005)
        now -= 1
        message_id = int(path.rpartition("/")[2])
        await exchange.send(response(body=json.dumps({"data": detail(message_id)}).encode()))

    async with WireServer(slow) as server, KauneongaClient(server.base_url, TOKEN, concurrency=places) as client:
        report = await export_messages(
            client, tmp_path, FIRST, date(2025, 1, 9), details=True, window=timedelta(days=1), concurrency=at_once
        )
    assert (report.records, report.without_details) == (45, 0)
    assert most == 4


@pytest.mark.parametrize(("places", "begun"), [(4, [1, 11]), (16, [1])])
async def test_a_window_begins_when_those_before_it_leave_it_places(places: int, begun: list[int]) -> None:
    """The first has all four, and three of its last four messages are there."""
    seen: list[int] = []
    arrived = anyio.Event()

    async def fetch(ids: list[int]) -> AsyncIterator[list[msgspec.Raw]]:
        seen.append(ids[0])
        yield [msgspec.Raw(b"{}")] * (len(ids) - 1)
        arrived.set()
        await anyio.sleep_forever()

    in_turn = InTurn(fetch, 4, places)

    async def use(first: int) -> None:
        async for _ in in_turn(list(range(first, first + 6))):
            pass

    async with anyio.create_task_group() as windows:
        windows.start_soon(use, 1)
        await arrived.wait()
        windows.start_soon(use, 11)
        await anyio.wait_all_tasks_blocked()
        assert seen == begun
        windows.cancel_scope.cancel()


def test_details_outlast_a_server_that_bears_few_requests(
    tmp_path: Path, run_jumping: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    """However long they wait behind each other: none times out, and no file that is half done is thrown away."""

    async def main() -> None:
        async with (
            Sandbox(messages=200) as sandbox,
            KauneongaClient(sandbox.base_url, sandbox.token) as client,
        ):
            sandbox.configure(faults=allow(40, 60))
            report = await export_messages(client, tmp_path, FIRST, LAST, details=True)
            assert (report.records, report.without_details) == (200, 0)
            assert len([request for request in sandbox.requests if "/messages/" in request.path]) < 250

    run_jumping(main())


@pytest.mark.usefixtures("cut_bodies_are_borne")
@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
async def test_every_message_is_there_once_whatever_goes_wrong(form: str, tmp_path: Path) -> None:
    async with (
        Sandbox(messages=600, cap=70, faults=RandomFaults(0.1, kinds=("500", "reset", "cut"))) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token, max_retries=30) as client,
    ):
        report = await export_messages(
            client, tmp_path, FIRST, LAST, details=True, format=form, window=timedelta(days=30)
        )
        assert report.records == 600
        assert sorted(ids_in(tmp_path)) == list(range(1001, 1601))
        assert (await verify_export(tmp_path)).is_whole
        assert sum(request.path.count("/messages/") for request in sandbox.requests) >= 600


async def test_details_that_cannot_be_had_leave_no_part(tmp_path: Path) -> None:
    inner = serve([1, 2, 3])

    async def fail(exchange: Exchange) -> None:
        if exchange.target.endswith("/2"):
            await exchange.send(response(500))
        else:
            await inner(exchange)

    async with WireServer(fail) as server, KauneongaClient(server.base_url, TOKEN, max_retries=0) as client:
        with pytest.raises(errors.ServerError):
            await export_messages(client, tmp_path, FIRST, FIRST, details=True)
        assert parts_of(tmp_path) == []
        assert not list(tmp_path.glob("*.part"))
        server.script = [inner]
        assert (await export_messages(client, tmp_path, FIRST, FIRST, details=True)).records == 3


async def test_a_part_that_finds_no_room_when_its_details_are_there_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_commit = AtomicFile.commit

    def commit(file: AtomicFile) -> Path:
        if file.path.suffix == ".jsonl":
            raise OSError(errno.ENOSPC, "No space left on device", str(file.path))
        return real_commit(file)

    monkeypatch.setattr(AtomicFile, "commit", commit)
    async with WireServer(serve([1, 2, 3])) as server, KauneongaClient(server.base_url, TOKEN) as client:
        with pytest.raises(OSError, match="No space left"):
            await export_messages(client, tmp_path, FIRST, FIRST, details=True)
    assert not list(tmp_path.glob("messages*"))


async def test_stopped_in_the_middle_of_details_it_goes_on(tmp_path: Path) -> None:
    async with (
        Sandbox(messages=300, latency=0.005) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token, concurrency=4) as client,
    ):
        stops = 0
        for tenths in range(1, 30):
            job = export_messages(client, tmp_path, FIRST, LAST, details=True, window=timedelta(days=3))
            task = asyncio.create_task(job)
            await asyncio.wait([task], timeout=tenths * 0.05)
            if task.done():
                break
            task.cancel()
            await asyncio.wait([task])
            stops += 1
        assert stops > 1
        assert sorted(ids_in(tmp_path)) == list(range(1001, 1301))
        assert (await verify_export(tmp_path)).is_whole
