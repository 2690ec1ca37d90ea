"""Every record the server holds for a range comes out exactly once, whatever its calendar, its order and its faults."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kauneonga_async import KauneongaClient, Message, RecordStream, ServerCalendar, errors
from kauneonga_async.sandbox import Sandbox
from tests.budget import examples
from tests.wire import TOKEN, WireServer, listing, response

DAY = timedelta(days=1)
START, END = date(2025, 2, 20), date(2025, 3, 31)  # over the change to summer time in America

ZONES = ["UTC", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu", "America/Havana"]


def owned(sandbox: Sandbox, start: datetime, end: datetime | None) -> list[int]:
    times = sandbox.world.times()
    return [i for i, moment in times.items() if start <= moment and (end is None or moment < end)]


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_exactly_once_for_any_server(data: st.DataObject) -> None:
    draw = data.draw
    messages = draw(st.integers(0, 150), "messages")
    zone, inclusive = draw(st.sampled_from(ZONES), "zone"), draw(st.booleans(), "inclusive")
    first = draw(st.dates(START - 3 * DAY, END + 3 * DAY), "first")
    last = first + DAY * draw(st.integers(0, 50), "length")
    window = draw(st.none() | st.integers(1, 20).map(lambda days: timedelta(days=days)), "window")
    known = draw(st.sampled_from(["nothing", "zone", "inclusive", "both"]), "known")
    calendar = ServerCalendar(
        zone if known in ("zone", "both") else None, inclusive if known in ("inclusive", "both") else None
    )

    async def main() -> None:
        server = Sandbox(
            messages=messages,
            start=START,
            end=END,
            seed=draw(st.integers(1, 1000), "seed"),
            timezone=zone,
            to_date_inclusive=inclusive,
            order=draw(st.sampled_from(["oldest", "newest", "mixed"]), "order"),
            cap=draw(st.sampled_from([None, None, 60]), "cap"),
            largest_range=draw(st.sampled_from([None, None, 9]), "largest range"),
            compress=draw(st.booleans(), "compress"),
        )
        async with server as sandbox, KauneongaClient(sandbox.base_url, sandbox.token, calendar=calendar) as client:
            stream: RecordStream[Any] = client.messages.stream(
                first,
                last,
                window=window,
                concurrency=draw(st.integers(1, 8), "concurrency"),
                ordered=draw(st.booleans(), "ordered"),
                record_type=draw(st.sampled_from([Message, dict, msgspec.Raw]), "type"),
            )
            async with asyncio.timeout(20):
                found = [_id_of(record) async for record in stream]
            assert len(set(found)) == len(found) == stream.report.records
            expected = owned(sandbox, calendar.start_of(first), calendar.end_of(last))
            if server.settings.cap is None:
                assert sorted(found) == sorted(expected)
            else:
                _check_capped(found, expected, calendar)

    asyncio.run(main())


def _check_capped(found: list[int], expected: list[int], calendar: ServerCalendar) -> None:
    """Where lists are cut off, what came out is right; that it is all is promised between the ends of a range."""
    assert set(found) <= set(expected)
    if not calendar.days_before and not calendar.days_after:
        return
    missing = set(expected) - set(found)
    assert len(missing) <= 60


def _id_of(record: Any) -> int:
    if isinstance(record, Message):
        return record.id
    content = msgspec.json.decode(record) if isinstance(record, msgspec.Raw) else record
    return int(content["id"])


async def test_datetimes_cut_at_the_instant() -> None:
    async with Sandbox(messages=300) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        times = sorted(sandbox.world.times().items(), key=lambda pair: pair[1])
        begin, end = times[100][1], times[200][1]
        found = [message.id for message in await client.messages.list(begin, end)]
        assert found == [i for i, _ in times[100:200]]
        assert await client.messages.list(begin, begin) == []


async def test_an_open_end_includes_what_came_today() -> None:
    today = datetime.now(UTC).date()
    async with (
        Sandbox(messages=50, start=today - 4 * DAY, end=today - DAY) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token) as client,
    ):
        newest = sandbox.world.add(datetime.now(UTC) + timedelta(minutes=5))
        found = await client.messages.list(today - 2 * DAY)
        assert newest in {message.id for message in found}
        assert len(found) == len(owned(sandbox, midnight(today - 2 * DAY), None))


async def test_without_dates_one_call_brings_everything() -> None:
    async with Sandbox(messages=300) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        found = await client.messages.list()
        assert [message.id for message in found] == list(sandbox.world.message_ids())
        assert [(r.path, r.query) for r in sandbox.requests] == [("/api/v2/messages", {})]


async def test_windows_come_in_order_where_that_is_asked_for() -> None:
    async with Sandbox(messages=2000) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        stream = client.messages.stream(date(2025, 1, 1), date(2025, 3, 31), window=timedelta(days=3), concurrency=16)
        found = [message.created_at async for message in stream]
        assert len(found) == 2000
        assert found == sorted(found, key=lambda time: time or datetime.min.replace(tzinfo=UTC))
        assert stream.report.windows == 30


async def test_batches_hold_the_same_records() -> None:
    async with Sandbox(messages=500) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        stream = client.messages.stream(date(2025, 1, 1), date(2025, 3, 31))
        batches = [batch async for batch in stream.batches()]
        assert all(batches)
        assert sum(map(len, batches)) == 500
        assert [m.id async for m in stream] == [m.id for batch in batches for m in batch]


async def test_the_calendar_removes_the_padding() -> None:
    async with Sandbox(messages=900, timezone="America/New_York") as sandbox:
        for calendar, asked in (
            (ServerCalendar("America/New_York", True), ("02-01-2025", "02-07-2025")),
            (ServerCalendar("America/New_York"), ("02-01-2025", "02-08-2025")),
            (ServerCalendar(), ("01-31-2025", "02-09-2025")),
        ):
            sandbox.requests.clear()
            async with KauneongaClient(sandbox.base_url, sandbox.token, calendar=calendar) as client:
                stream = client.messages.stream(date(2025, 2, 1), date(2025, 2, 7))
                found = await stream.collect()
            assert [tuple(r.query.values()) for r in sandbox.requests] == [asked]
            assert len(found) == len(
                owned(sandbox, calendar.start_of(date(2025, 2, 1)), calendar.end_of(date(2025, 2, 7)))
            )
            assert bool(stream.report.dropped) == (calendar.days_after > 0)


async def test_records_that_come_twice_in_a_body_come_out_once() -> None:
    records = [{"id": i, "created_at": "2025-01-05T12:00:00Z"} for i in (3, 1, 2, 3, 1, 1)]
    async with (
        WireServer(response(body=listing(records))) as server,
        KauneongaClient(server.base_url, TOKEN) as client,
    ):
        stream = client.messages.stream(date(2025, 1, 1), date(2025, 1, 7))
        assert [message.id async for message in stream] == [3, 1, 2]
        assert stream.report.duplicates == 3


async def test_a_field_that_moves_hands_out_each_id_once() -> None:
    async with Sandbox(messages=200, date_field="updated_at", compress=False) as sandbox:
        calendar = ServerCalendar("UTC", True, date_field="updated_at")
        async with KauneongaClient(sandbox.base_url, sandbox.token, calendar=calendar) as client:
            found = await client.messages.list(date(2025, 1, 1), date(2025, 3, 31), window=timedelta(days=1))
            assert len({message.id for message in found}) == len(found) == 200


async def test_dates_of_a_field_that_is_missing_are_no_reason_to_lose_a_record() -> None:
    async with Sandbox(messages=10) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        sandbox.world.edit(1003, created_at=None)
        with pytest.raises(errors.DecodeError, match="record 1003"):
            await client.messages.list(date(2025, 1, 1), date(2025, 3, 31))
        kept: list[int | None] = []
        found = await client.messages.list(
            date(2025, 1, 1), date(2025, 3, 31), on_invalid=lambda record: kept.append(record.id)
        )
        assert (len(found), kept) == (9, [1003])
        assert len(await client.messages.list()) == 10
