"""What the polls of a watch ask for, how far they look back, and how often they come; against the sandbox."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from kauneonga_async import KauneongaClient, MemoryCursor, MessageChange, ServerCalendar, errors
from kauneonga_async.sandbox import RandomFaults, Sandbox
from kauneonga_async.sandbox.faults import Fault
from kauneonga_async.windows import Window
from tests.watching.moments import DAY, now
from tests.watching.observer import INTERVAL, Observer, kinds


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


async def test_a_turn_whose_request_fails_comes_again_long_before_its_period_is_over(sandbox: Sandbox) -> None:
    """Four turns in eight hours of the server's clock, on one of its days."""
    begin = now().replace(hour=4, minute=30) + DAY - now()
    sandbox.configure(skew=begin.total_seconds())
    failed: list[dict[str, str]] = []
    looked_at: list[dict[str, str]] = []

    def fail_once(method: str, path: str) -> Fault | None:
        del method, path
        query = dict(sandbox.requests[-1].query)
        if datetime.strptime(query["to_date"], "%m-%d-%Y").replace(tzinfo=UTC) > now() + DAY:
            return None  # a poll's own
        (looked_at if failed else failed).append(query)
        return Fault(status=503) if failed == [query] and not looked_at else None

    tiers = {2 * DAY: None, 20 * DAY: timedelta(hours=8)}
    async with (
        KauneongaClient(sandbox.base_url, sandbox.token, max_retries=0) as client,
        Observer(client.messages.watch(interval=INTERVAL, look_back=tiers)) as observer,
    ):
        await observer.settle()
        sandbox.configure(faults=fail_once)
        turn = 0
        while not failed:
            turn += 1
            sandbox.configure(skew=(begin + turn * timedelta(hours=2)).total_seconds())
            await observer.settle()
        sandbox.configure(skew=(begin + (turn + 1) * timedelta(hours=2)).total_seconds())
        await observer.settle()
        assert failed[0] in looked_at


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


@pytest.mark.parametrize("order", ["oldest", "mixed"])
async def test_a_list_that_fills_up_to_an_unusual_length_hides_what_is_new_for_ten_minutes_at_the_most(
    order: str,
) -> None:
    first, last = (now() - 3 * DAY).date(), (now() - DAY).date()
    async with (
        Sandbox(messages=37, start=first, end=last, cap=37, order=order) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token) as client,
        Observer(client.messages.watch(interval=INTERVAL)) as observer,
    ):
        assert await observer.settle() == []
        new = [sandbox.world.add(now()) for _ in range(5)]
        seen = await observer.settle()
        assert order == "mixed" or seen == []
        sandbox.configure(skew=timedelta(minutes=11).total_seconds())
        seen += await observer.settle()
        assert sorted(kinds(seen)) == [("created", record_id) for record_id in new]
        new.append(sandbox.world.add(now()))  # from now on days are asked for singly
        assert kinds(await observer.settle()) == [("created", new[-1])]


async def test_a_day_that_fills_a_list_of_an_unusual_length_ends_the_watch() -> None:
    async with (
        Sandbox(messages=0, cap=37) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token) as client,
    ):
        for _ in range(37):
            sandbox.world.add(now() - DAY)
        async with Observer(client.messages.watch(interval=INTERVAL)) as observer:
            assert await observer.settle() == []
            sandbox.world.add(now())
            sandbox.configure(skew=timedelta(minutes=11).total_seconds())
            with pytest.raises(errors.IncompleteResult, match="37"):
                await observer.settle()


async def test_the_end_of_a_long_list_is_asked_for_once_in_ten_minutes_and_not_with_each_poll() -> None:
    async with (
        Sandbox(messages=0) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token) as client,
    ):
        for number in range(37):
            sandbox.world.add(now() - (number % 3) * DAY)
        async with Observer(client.messages.watch(interval=INTERVAL)) as observer:
            await observer.settle()
            report = observer.watch.report
            for minutes, more in ((0, 0), (11, 1), (22, 1)):
                sandbox.configure(skew=timedelta(minutes=minutes).total_seconds())
                asked, polls = report.windows, report.polls
                await observer.settle()
                assert report.windows - asked - (report.polls - polls) in (more, more + 1)  # one may be under way


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


@pytest.mark.parametrize("theirs", ["America/New_York", "UTC"])
@pytest.mark.parametrize("density", [1, 20])
async def test_a_to_date_that_is_not_inclusive_as_stated_is_found_out_while_a_watch_catches_up(
    theirs: str, density: int
) -> None:
    first, last = (now() - 100 * DAY).date(), (now() - DAY).date()
    calendar = ServerCalendar("UTC", to_date_inclusive=True)
    async with (
        Sandbox(messages=100 * density, start=first, end=last, timezone=theirs, to_date_inclusive=False) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token, calendar=calendar) as client,
    ):
        watch = client.messages.watch(interval=INTERVAL, start=first, look_back=101 * DAY)
        with pytest.raises(errors.CalendarMismatch, match="to_date_inclusive=False"):
            async for _ in watch:
                pass


async def test_an_account_without_messages_costs_a_stated_calendar_one_look_at_each_window() -> None:
    calendar = ServerCalendar("UTC", to_date_inclusive=True)
    tiers = {2 * DAY: None, 30 * DAY: timedelta(hours=1)}
    async with (
        Sandbox(messages=0) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token, calendar=calendar) as client,
        Observer(client.messages.watch(interval=INTERVAL, look_back=tiers)) as observer,
    ):
        for hours in range(1, 30):
            sandbox.configure(skew=timedelta(hours=hours).total_seconds())
            await observer.settle()
        asked = Counter((request.query["from_date"], request.query["to_date"]) for request in sandbox.requests)
        weeks = [(first, last) for first, last in asked if day_of(last) - day_of(first) == 6 * DAY]
        assert max(asked[week] for week in weeks) > 5
        looks = [asked[last, f"{day_of(last) + DAY:%m-%d-%Y}"] for _, last in weeks]
        assert max(looks) == 1


def day_of(text: str) -> datetime:
    return datetime.strptime(text, "%m-%d-%Y").replace(tzinfo=UTC)


async def test_a_stated_calendar_that_is_right_is_borne_out_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first, last = (now() - 100 * DAY).date(), (now() - DAY).date()
    calendar = ServerCalendar("UTC", to_date_inclusive=True)
    monkeypatch.delattr(Window, "last_day")
    async with (
        Sandbox(messages=1000, start=first, end=last) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token, calendar=calendar) as client,
        Observer(client.messages.watch(interval=INTERVAL, start=first, look_back=100 * DAY)) as observer,
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
