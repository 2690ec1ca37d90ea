"""What a watch tells of, when, and how often; against the sandbox, on a socket."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kauneonga_async import KauneongaClient, MemoryCursor, Message, MessageChange
from kauneonga_async.sandbox import Fault, RandomFaults, Sandbox
from kauneonga_async.watching import Position
from kauneonga_async.watching.clock import ServerClock
from tests.watching.moments import DAY, HOUR, now
from tests.watching.observer import INTERVAL, Observer, kinds


async def test_what_exists_is_the_base_line_and_what_comes_is_told_of(
    sandbox: Sandbox, client: KauneongaClient
) -> None:
    async with Observer(client.messages.watch(interval=INTERVAL)) as observer:
        assert await observer.settle() == []
        new = sandbox.world.add(now())
        created = await observer.settle()
        assert kinds(created) == [("created", new)]
        assert created[0].previous_digest is None
        assert isinstance(created[0].message, Message)
        sandbox.world.edit(new, status="edited")
        updated = await observer.settle()
        assert kinds(updated) == [("updated", new)]
        assert updated[0].previous_digest == created[0].digest
        assert updated[0].message.status == "edited"
        assert updated[0].event_id == f"{new}-{updated[0].digest}"


async def test_a_watch_may_follow_at_once_on_one_that_was_left(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    seen: list[int] = []
    for _ in range(10):
        async for change in client.messages.watch(
            interval=INTERVAL, cursor=tmp_path / "cursor.db", start=now() - 11 * DAY
        ):
            seen.append(change.message.id)
            if len(seen) % 3 == 0:
                break
    # What was being dealt with when a loop was left comes again.
    assert [len(set(seen)), len(seen)] == [21, 30]


async def test_a_change_that_moves_no_date_and_no_known_field_is_told_of(
    sandbox: Sandbox, client: KauneongaClient
) -> None:
    newest = max(sandbox.world.message_ids())
    async with Observer(client.messages.watch(interval=INTERVAL)) as observer:
        await observer.settle()
        sandbox.world.edit(newest, a_field_of_tomorrow=1)
        assert kinds(await observer.settle()) == [("updated", newest)]
        sandbox.world.edit(newest, a_field_of_tomorrow=2)
        assert kinds(await observer.settle()) == [("updated", newest)]


async def test_changes_of_one_poll_come_by_the_time_of_their_update(sandbox: Sandbox, client: KauneongaClient) -> None:
    async with Observer(client.messages.watch(interval=INTERVAL)) as observer:
        await observer.settle()
        late, early = sandbox.world.add(now() - HOUR), sandbox.world.add(now() - HOUR)
        sandbox.world.edit(late, updated_at=f"{now():%Y-%m-%dT%H:%M:%S.000Z}")
        sandbox.world.edit(early, updated_at=f"{now() - HOUR / 2:%Y-%m-%dT%H:%M:%S.000Z}")
        assert kinds(await observer.settle()) == [("created", early), ("created", late)]


async def test_a_start_in_the_past_replays_from_there(sandbox: Sandbox, client: KauneongaClient) -> None:
    start = (now() - 6 * DAY).date()
    times = sandbox.world.times()
    expected = [record_id for record_id, time in times.items() if time.date() >= start]
    assert 0 < len(expected) < len(times)
    async with Observer(client.messages.watch(interval=INTERVAL, start=start)) as observer:
        seen = await observer.settle()
        assert kinds(seen) == [("created", record_id) for record_id in expected]
        edited = expected[-1]
        sandbox.world.edit(edited, status="new")
        assert kinds(await observer.settle()) == [("updated", edited)]


async def test_an_exact_start_within_the_look_back_makes_what_is_older_the_base_line(
    sandbox: Sandbox, client: KauneongaClient
) -> None:
    before, after = sandbox.world.add(now() - 2 * HOUR), sandbox.world.add(now() - HOUR)
    async with Observer(client.messages.watch(interval=INTERVAL, start=now() - 1.5 * HOUR)) as observer:
        assert kinds(await observer.settle()) == [("created", after)]
        sandbox.world.edit(before, status="x")
        assert kinds(await observer.settle()) == [("updated", before)]


async def test_a_change_is_repeated_until_the_next_one_is_asked_for(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    def watch() -> Any:
        return client.messages.watch(interval=INTERVAL, cursor=tmp_path / "cursor.db")

    async with Observer(watch()) as observer:
        await observer.settle()
    ids = [sandbox.world.add(now() - HOUR + timedelta(seconds=second)) for second in range(3)]
    received: list[MessageChange[Message]] = []
    for _ in range(2):  # each takes the first two, and acknowledges one of them
        async with watch() as changes:
            async for change in changes:
                received.append(change)
                if len(received) % 2 == 0:
                    break
    assert [change.id for change in received] == [ids[0], ids[1], ids[1], ids[2]]
    assert received[1].event_id == received[2].event_id
    async with Observer(watch()) as observer:
        assert kinds(await observer.settle()) == [("created", ids[2])]


async def test_batches_are_acknowledged_as_a_whole(sandbox: Sandbox, client: KauneongaClient) -> None:
    watch = client.messages.watch(interval=INTERVAL, cursor=MemoryCursor(), start=(now() - 3 * DAY).date())
    first = await anext(watch.batches())
    assert len(first) > 2
    await watch.aclose()
    again = watch.batches()
    assert await anext(again) == first
    new = sandbox.world.add(now())
    assert kinds(await anext(again)) == [("created", new)]
    await watch.aclose()


async def test_an_outage_is_outlasted_and_what_came_meanwhile_is_caught_up_with(
    sandbox: Sandbox, client: KauneongaClient
) -> None:
    """Longer than the look-back: the server's clock is set on by five days, with messages all along."""
    async with Observer(client.messages.watch(interval=INTERVAL, max_retries=0, timeout=5.0)) as observer:
        await observer.settle()
        sandbox.configure(faults=RandomFaults(1.0, kinds=("503",)))
        failures = observer.watch.report.failures
        while observer.watch.report.failures == failures:
            await asyncio.sleep(0.001)
        began = now()
        new = [sandbox.world.add(began + hours * HOUR) for hours in range(2, 120, 3)]
        sandbox.configure(faults=None, skew=5 * DAY.total_seconds())
        assert kinds(await observer.settle()) == [("created", record_id) for record_id in new]
        assert observer.watch.report.last_error == "ServerError"


async def test_a_message_of_any_type_and_those_that_do_not_fit(sandbox: Sandbox, client: KauneongaClient) -> None:
    class Narrow(msgspec.Struct):
        id: int
        caller_id: str

    skipped: list[Any] = []
    watch = client.messages.watch(record_type=Narrow, interval=INTERVAL, on_invalid=skipped.append)
    async with Observer(watch) as observer:
        await observer.settle()
        bad, good = sandbox.world.add(now(), caller_id=5), sandbox.world.add(now())
        seen = await observer.settle()
        assert kinds(seen) == [("created", good)]
        assert isinstance(seen[0].message, Narrow)
        assert [record.id for record in skipped] == [bad]
        assert watch.report.invalid == 1
        assert await observer.settle() == []


async def test_raw_records_are_the_servers_bytes(sandbox: Sandbox, client: KauneongaClient) -> None:
    watch = client.messages.watch(record_type=msgspec.Raw, interval=INTERVAL)
    async with Observer(watch) as observer:
        await observer.settle()
        new = sandbox.world.add(now())
        (change,) = await observer.settle()
        assert bytes(change.message) == sandbox.world.message(new)


async def test_another_clock_than_the_servers_loses_nothing(client: KauneongaClient, sandbox: Sandbox) -> None:
    """The server is 40 days ahead of us, then 40 behind."""
    for skew in (40 * DAY, -40 * DAY):
        sandbox.configure(skew=skew.total_seconds())
        async with Observer(client.messages.watch(interval=INTERVAL)) as observer:
            await observer.settle()
            new = sandbox.world.add(now() + skew)
            assert kinds(await observer.settle()) == [("created", new)]
            sandbox.world.edit(new, status="x")
            assert kinds(await observer.settle()) == [("updated", new)]


async def test_a_servers_clock_that_was_ahead_for_a_while_loses_nothing_in_a_later_stop(
    client: KauneongaClient, sandbox: Sandbox, tmp_path: Path
) -> None:
    def observer() -> Observer:
        return Observer(client.messages.watch(interval=INTERVAL, cursor=tmp_path / "cursor.db"))

    async with observer() as watching:
        for skew in (timedelta(), 10 * DAY, timedelta()):
            sandbox.configure(skew=skew.total_seconds())
            await watching.settle()
    new = sandbox.world.add(now() + DAY)
    sandbox.configure(skew=5 * DAY.total_seconds())
    async with observer() as watching:
        assert kinds(await watching.settle()) == [("created", new)]


async def test_a_base_line_that_was_taken_while_the_servers_clock_was_ahead_hides_nothing_later(
    client: KauneongaClient, sandbox: Sandbox
) -> None:
    cursor = MemoryCursor()
    sandbox.configure(skew=27 * DAY.total_seconds())
    async with Observer(client.messages.watch(interval=INTERVAL, cursor=cursor)) as observer:
        assert await observer.settle() == []
    sandbox.configure(skew=0.0)
    new = sandbox.world.add(now())
    async with Observer(client.messages.watch(interval=INTERVAL, cursor=cursor)) as observer:
        assert kinds(await observer.settle()) == [("created", new)]


async def test_a_clock_of_ours_that_begins_in_1970_makes_no_base_line_of_all_history(
    client: KauneongaClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = now() - datetime(1970, 1, 1, tzinfo=UTC)
    monkeypatch.setattr(ServerClock, "ours", staticmethod(lambda: now() - behind))
    async with Observer(client.messages.watch(interval=INTERVAL)) as observer:
        await observer.settle()
        first, *_ = (found for found in sandbox.requests if not found.query["from_date"].endswith(("1969", "1970")))
        assert len(sandbox.requests) < 20
        assert now() - datetime.strptime(first.query["from_date"], "%m-%d-%Y").replace(tzinfo=UTC) < 35 * DAY
        new = sandbox.world.add(now())
        assert kinds(await observer.settle()) == [("created", new)]


@pytest.mark.parametrize("start", ["now", date(2025, 1, 1)])
async def test_our_clock_being_fast_by_less_than_an_hour_puts_no_position_into_the_future(
    client: KauneongaClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, start: Any
) -> None:
    """It is corrected by the first answer, and not thrown away for so little."""
    monkeypatch.setattr(ServerClock, "ours", staticmethod(lambda: now() + timedelta(minutes=50)))
    kept: list[Position] = []

    class Noting(MemoryCursor):
        async def save(self, entries: Any, position: Position | None = None) -> None:
            kept.extend([position] if position else [])
            await super().save(entries, position)

    watch = client.messages.watch(interval=INTERVAL, cursor=Noting(), start=start, look_back=timedelta(minutes=10))
    async with Observer(watch) as observer:
        await observer.settle()
        assert kept
        assert max(position.complete_until for position in kept) <= now()


@pytest.mark.parametrize("between", [0, 5000])  # in one piece of the body, and in two
async def test_a_message_that_a_list_holds_twice_counts_as_it_comes_last(
    client: KauneongaClient, sandbox: Sandbox, between: int
) -> None:
    def body(first: str, last: str) -> bytes:
        ids = [9, *range(100, 100 + between), 9]
        statuses = [first, *["x" * 80] * between, last]
        date = f"{now():%Y-%m-%dT00:00:00Z}"
        records = [{"id": i, "created_at": date, "status": status} for i, status in zip(ids, statuses, strict=True)]
        return msgspec.json.encode({"data": records})

    def answer(first: str, last: str) -> Any:
        fault = Fault(status=200, headers={"Content-Type": "application/json"}, body=body(first, last))
        return lambda method, path: fault

    sandbox.configure(faults=answer("a", "b"))
    async with Observer(client.messages.watch(interval=INTERVAL)) as observer:
        assert await observer.settle() == []
        sandbox.configure(faults=answer("b", "c"))
        (change,) = await observer.settle()
        assert (change.id, change.kind, change.message.status) == (9, "updated", "c")
        assert await observer.settle() == []


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"interval": 0}, ValueError, "interval"),
        ({"interval": "15"}, TypeError, "interval"),
        ({"cursor": 5}, TypeError, "cursor"),
        ({"cursor": ""}, ValueError, "cursor"),
        ({"start": "yesterday"}, ValueError, "start"),
        ({"start": datetime(2026, 1, 1)}, ValueError, "start.*time zone"),  # noqa: DTZ001 - the fault
        ({"start": 5}, TypeError, "start"),
        ({"look_back": timedelta()}, ValueError, "look_back"),
        ({"look_back": timedelta.max}, ValueError, "look_back"),
        ({"look_back": {DAY: None, timedelta.max: DAY}}, ValueError, "look_back"),
        ({"look_back": 2}, TypeError, "look_back"),
        ({"look_back": {}}, ValueError, "look_back"),
        ({"look_back": {DAY: None, 2 * DAY: None}}, ValueError, "look_back"),
        ({"look_back": {DAY: HOUR}}, ValueError, "look_back"),
        ({"on_invalid": "ignore"}, ValueError, "on_invalid"),
        ({"record_type": 5}, TypeError, "record_type"),
    ],
)
async def test_bad_arguments_are_refused_before_any_request(
    client: KauneongaClient, sandbox: Sandbox, arguments: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        client.messages.watch(**arguments)
    assert sandbox.requests == []


def test_no_repr_shows_text() -> None:
    change = MessageChange(kind="created", id=1, message=b"SECRET", digest="d")
    assert "SECRET" not in repr(change)
