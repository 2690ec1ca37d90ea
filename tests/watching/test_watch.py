"""What a watch tells of, when, and how often; against the sandbox, on a socket."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from blockbuster import blockbuster_ctx

from kauneonga_async import KauneongaClient, MemoryCursor, Message, MessageChange, ServerCalendar, errors
from kauneonga_async.sandbox import RandomFaults, Sandbox
from kauneonga_async.sandbox.faults import Fault
from tests.watching.observer import INTERVAL, Observer, kinds

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Thirty messages of the last ten days."""
    async with Sandbox(messages=30, start=(now() - 10 * DAY).date(), end=(now() - DAY).date()) as running:
        yield running


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


async def test_an_unchanged_poll_is_a_304_and_nothing_else(sandbox: Sandbox, client: KauneongaClient) -> None:
    async with Observer(client.messages.watch(interval=INTERVAL)) as observer:
        await observer.settle()
        report = observer.watch.report
        before = msgspec.structs.asdict(report)
        await observer.settle()
        assert report.unchanged > before["unchanged"]
        assert (report.records, report.bytes) == (before["records"], before["bytes"])


async def test_a_server_without_etags_is_watched_as_well(sandbox: Sandbox, client: KauneongaClient) -> None:
    sandbox.configure(etags=False)
    async with Observer(client.messages.watch(interval=INTERVAL)) as observer:
        await observer.settle()
        new = sandbox.world.add(now())
        assert kinds(await observer.settle()) == [("created", new)]
        assert observer.watch.report.unchanged == 0


@pytest.mark.usefixtures("sandbox")
async def test_an_etag_is_trusted_only_when_its_changes_were_acknowledged(client: KauneongaClient) -> None:
    """A 304 to what a consumer never dealt with would lose it."""
    watch = client.messages.watch(interval=INTERVAL, cursor=MemoryCursor(), start=(now() - 3 * DAY).date())
    first = await anext(aiter(watch))
    await watch.aclose()
    changes = aiter(watch)
    assert (await anext(changes)).event_id == first.event_id
    assert (await anext(changes)).event_id != first.event_id
    await watch.aclose()


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


async def test_older_messages_are_looked_at_in_turns(sandbox: Sandbox, client: KauneongaClient) -> None:
    oldest = min(sandbox.world.message_ids())
    tiers = {2 * DAY: None, 20 * DAY: timedelta(seconds=0.2)}
    async with Observer(client.messages.watch(interval=INTERVAL, look_back=tiers)) as observer:
        assert await observer.settle() == []
        sandbox.world.edit(oldest, status="x")
        seen: list[MessageChange[Any]] = []
        while not seen:
            seen += await observer.settle()
        assert kinds(seen) == [("updated", oldest)]


async def test_what_is_further_back_than_the_look_back_is_not_looked_at(
    sandbox: Sandbox, client: KauneongaClient
) -> None:
    oldest = min(sandbox.world.message_ids())
    async with Observer(client.messages.watch(interval=INTERVAL)) as observer:
        await observer.settle()
        sandbox.world.edit(oldest, status="x")
        assert await observer.settle() == []


async def test_a_server_that_cuts_lists_off_in_silence_hides_nothing_new() -> None:
    calendar = ServerCalendar("UTC", to_date_inclusive=True)
    async with (
        Sandbox(messages=0, cap=25) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token, calendar=calendar) as client,
    ):
        for _ in range(24):
            sandbox.world.add(now() - DAY)
        async with Observer(client.messages.watch(interval=INTERVAL)) as observer:
            assert await observer.settle() == []
            new = [sandbox.world.add(now() - timedelta(seconds=60 - second)) for second in range(24)]
            assert kinds(await observer.settle()) == [("created", record_id) for record_id in new]


@pytest.mark.parametrize("order", ["oldest", "newest"])
async def test_a_list_that_stops_a_day_short_is_looked_into(order: str) -> None:
    first, last = (now() - 4 * DAY).date(), (now() - DAY).date()
    calendar = ServerCalendar("UTC", to_date_inclusive=True)
    async with (
        Sandbox(messages=120, start=first, end=last, cap=37, order=order) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token, calendar=calendar) as client,
        Observer(client.messages.watch(interval=INTERVAL, start=first, look_back=5 * DAY)) as observer,
    ):
        assert sorted(change.id for change in await observer.settle()) == list(sandbox.world.message_ids())


async def test_an_account_that_is_quiet_for_a_day_is_asked_once_more_and_not_with_each_poll() -> None:
    calendar = ServerCalendar("UTC", to_date_inclusive=True)
    async with (
        Sandbox(messages=0) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token, calendar=calendar) as client,
    ):
        for _ in range(24):
            sandbox.world.add(now() - 1.5 * DAY)
        async with Observer(client.messages.watch(interval=INTERVAL)) as observer:
            await observer.settle()
            assert len({frozenset(request.query.items()) for request in sandbox.requests}) <= 3
            asked, polls = len(sandbox.requests), observer.watch.report.polls
            await observer.settle()
            assert len(sandbox.requests) - asked <= observer.watch.report.polls - polls + 1


async def test_a_refused_token_ends_the_watch_and_says_so(sandbox: Sandbox, client: KauneongaClient) -> None:
    async with Observer(client.messages.watch(interval=INTERVAL)) as observer:
        await observer.settle()
        sandbox.configure(token="another")
        with pytest.raises(errors.AuthenticationError):
            await observer.settle()


def test_polls_never_come_more_often_than_asked_for(run_jumping: Any) -> None:
    async def main() -> list[float]:
        async with Sandbox(messages=0) as quiet, KauneongaClient(quiet.base_url, quiet.token) as client:
            times: list[float] = []
            clock = asyncio.get_running_loop().time

            def note(method: str, path: str) -> Fault | None:
                del method, path
                times.append(clock())
                return None

            quiet.configure(faults=note)
            async with Observer(client.messages.watch(interval=15.0)):
                while len(times) < 8:
                    await asyncio.sleep(1.0)
            return times

    times = run_jumping(main())
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert all(15.0 <= wait <= 16.6 for wait in waits)
    assert len(set(waits)) > 1


def test_while_the_server_is_in_trouble_polls_become_seldom(run_jumping: Any) -> None:
    async def main() -> int:
        trouble = RandomFaults(1.0, kinds=("500",))
        async with Sandbox(messages=0, faults=trouble) as down, KauneongaClient(down.base_url, down.token) as client:
            clock = asyncio.get_running_loop().time
            async with Observer(client.messages.watch(interval=1.0, max_retries=0)):
                began = clock()
                while clock() - began < 1200:
                    await asyncio.sleep(60.0)
                return trouble.count

    # Ten of the longest pauses at their mean, and those on the way there.
    assert 8 <= run_jumping(main()) <= 30


async def test_leaving_the_loop_releases_connection_cursor_and_task(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    path = tmp_path / "cursor.db"
    async for _ in client.messages.watch(interval=INTERVAL, cursor=path, start=(now() - 3 * DAY).date()):
        break
    gc.collect()
    while {task for task in asyncio.all_tasks() if task.get_name() == "kauneonga stream"}:
        await asyncio.sleep(0.001)
    sandbox.world.add(now())
    async with Observer(client.messages.watch(interval=INTERVAL, cursor=path)) as observer:
        assert await observer.settle()


async def test_closing_the_client_ends_the_watch(sandbox: Sandbox) -> None:
    client = KauneongaClient(sandbox.base_url, sandbox.token)
    observer = Observer(client.messages.watch(interval=INTERVAL))
    async with observer:
        await observer.settle()
        await client.aclose()
        with pytest.raises(errors.ClientClosed):
            await observer.settle()


@pytest.mark.usefixtures("sandbox")
async def test_two_watches_of_one_cursor_are_one_too_many(client: KauneongaClient, tmp_path: Path) -> None:
    path = tmp_path / "cursor.db"
    async with Observer(client.messages.watch(interval=INTERVAL, cursor=path)) as first:
        await first.settle()
        async with Observer(client.messages.watch(interval=INTERVAL, cursor=path)) as second:
            with pytest.raises(errors.DestinationLocked, match=r"cursor\.db"):
                await second.settle()
        await first.settle()


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


async def test_the_loop_is_never_blocked_by_the_cursor(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    with blockbuster_ctx("kauneonga_async"):
        watch = client.messages.watch(interval=INTERVAL, cursor=tmp_path / "cursor.db", start=(now() - 5 * DAY).date())
        async with Observer(watch) as observer:
            assert await observer.settle()
            sandbox.world.add(now())
            assert await observer.settle()


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"interval": 0}, ValueError, "interval"),
        ({"interval": "15"}, TypeError, "interval"),
        ({"cursor": 5}, TypeError, "cursor"),
        ({"start": "yesterday"}, ValueError, "start"),
        ({"start": datetime(2026, 1, 1)}, ValueError, "start.*time zone"),  # noqa: DTZ001 - the fault
        ({"start": 5}, TypeError, "start"),
        ({"look_back": timedelta()}, ValueError, "look_back"),
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
