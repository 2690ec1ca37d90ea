"""Many accounts watched at once: none is lost, none stalls or stops the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, assert_type

import anyio
import msgspec
import pytest

from kauneonga_async import (
    AccountChange,
    AccountFailure,
    Fleet,
    KauneongaClient,
    MemoryCursor,
    Message,
    SqliteCursor,
    errors,
)
from kauneonga_async.sandbox import Sandbox
from kauneonga_async.sandbox.faults import Fault

INTERVAL = 0.001  # seconds
NAMES = [f"account-{number}" for number in range(5)]


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def sandbox_of(names: list[str], **settings: Any) -> AsyncIterator[Sandbox]:
    """All tokens see the same messages."""
    async with Sandbox(messages=0, more_tokens=frozenset(names), **settings) as sandbox:
        yield sandbox


async def polled(fleet: Fleet[Any], names: list[str], times: int = 2) -> None:
    while any(fleet.reports[name].polls < times for name in names):
        await asyncio.sleep(0.001)


async def take(events: AsyncIterator[Any], count: int) -> list[Any]:
    return [await anext(events) for _ in range(count)]


async def test_each_accounts_changes_come_under_its_name() -> None:
    async with sandbox_of(NAMES) as sandbox, KauneongaClient(sandbox.base_url, "x") as client:
        async with Fleet(client, interval=INTERVAL) as fleet:
            for name in NAMES:
                fleet.add(name, name)
            await polled(fleet, NAMES)
            new = sandbox.world.add(now())
            events = await take(aiter(fleet), len(NAMES))
            assert sorted(event.account for event in events) == NAMES
            assert {(event.change.kind, event.change.id) for event in events} == {("created", new)}
        assert not [task for task in asyncio.all_tasks() if "Fleet" in str(task.get_coro())]


async def test_a_refused_account_is_told_of_and_the_others_go_on() -> None:
    async with sandbox_of(NAMES[:2]) as sandbox, KauneongaClient(sandbox.base_url, "x") as client:
        async with Fleet(client, interval=INTERVAL) as fleet:
            for name in NAMES[:3]:
                fleet.add(name, name)
            events = aiter(fleet)
            failure = await anext(events)
            assert isinstance(failure, AccountFailure)
            assert (failure.account, type(failure.error)) == (NAMES[2], errors.AuthenticationError)
            assert sorted(fleet.reports) == NAMES[:2]
            await polled(fleet, NAMES[:2])
            sandbox.world.add(now())
            assert sorted(event.account for event in await take(events, 2)) == NAMES[:2]
            sandbox.configure(more_tokens=frozenset(NAMES))
            fleet.add(NAMES[2], NAMES[2])
            await polled(fleet, NAMES[:3])
            sandbox.world.add(now())
            assert sorted(event.account for event in await take(events, 3)) == NAMES[:3]


async def test_an_error_can_go_to_a_callback_instead() -> None:
    told: list[tuple[str, Exception]] = []
    async with sandbox_of([]) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        fleet = Fleet(client, interval=INTERVAL, on_error=lambda name, error: told.append((name, error)))
        fleet.add("good", sandbox.token)
        fleet.add("bad", "refused")
        async with fleet:
            while not told:
                await asyncio.sleep(0.001)
            await polled(fleet, ["good"])
            sandbox.world.add(now())
            assert (await anext(aiter(fleet))).account == "good"
        assert [(name, type(error)) for name, error in told] == [("bad", errors.AuthenticationError)]


async def test_a_callback_may_add_the_account_again(tmp_path: Path) -> None:
    async with sandbox_of(NAMES[:2]) as sandbox, KauneongaClient(sandbox.base_url, "x") as client:

        def renew(name: str, error: Exception) -> None:
            assert isinstance(error, errors.AuthenticationError)
            fleet.add(name, name)

        fleet = Fleet(client, interval=INTERVAL, cursor=tmp_path / "cursors.db", on_error=renew)
        fleet.add(NAMES[0], "expired")
        fleet.add(NAMES[1], NAMES[1])
        async with fleet:
            await polled(fleet, NAMES[:2])
            sandbox.world.add(now())
            assert sorted(event.account for event in await take(aiter(fleet), 2)) == NAMES[:2]


async def test_an_account_that_is_refused_and_added_again_at_once_is_asked_for_no_more_often_than_others() -> None:
    failures: list[str] = []
    async with sandbox_of([]) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:

        def insist(name: str, error: Exception) -> None:
            assert isinstance(error, errors.AuthenticationError)
            failures.append(name)
            fleet.add(name, "refused")

        fleet = Fleet(client, interval=3600, on_error=insist)
        fleet.add("one", "refused")
        async with fleet:
            for _ in range(30):  # in as many round trips, it would have been asked for many times
                await client.to_dos.list()
            assert failures == ["one"]
            assert len([found for found in sandbox.requests if "refused" in found.headers["authorization"]]) == 1
            await fleet.remove("one")
            assert fleet.reports == {}


async def test_an_error_that_comes_when_the_block_is_being_left_is_not_told_of() -> None:
    closing, may_close = asyncio.Event(), asyncio.Event()

    class Slow(MemoryCursor):
        async def close(self) -> None:
            with anyio.CancelScope(shield=True):
                closing.set()
                await may_close.wait()
            await super().close()

    async with sandbox_of([]) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:

        def insist(name: str, error: Exception) -> None:
            del error
            fleet.add(name, "refused")

        fleet = Fleet(client, interval=INTERVAL, cursor=lambda _: Slow(), on_error=insist)
        fleet.add("one", "refused")
        async with fleet:
            await closing.wait()
            asyncio.get_running_loop().call_soon(may_close.set)  # once the block has been left
        assert fleet.reports == {}


async def test_accounts_that_hang_take_no_place_from_the_others() -> None:
    """As many hang as there are places in flight; the others see every change in time."""
    hanging = [f"hanging-{number}" for number in range(4)]
    async with sandbox_of([*NAMES, *hanging]) as sandbox:
        slow = {f"Bearer {name}" for name in hanging}

        def hang(method: str, path: str) -> Fault | None:
            del method, path
            return Fault(delay=60.0) if sandbox.requests[-1].headers["authorization"] in slow else None

        sandbox.configure(faults=hang)
        async with (
            KauneongaClient(sandbox.base_url, "x", concurrency=4) as client,
            Fleet(client, interval=INTERVAL) as fleet,
        ):
            for name in [*hanging, *NAMES]:
                fleet.add(name, name)
            await polled(fleet, NAMES)
            sandbox.world.add(now())
            assert sorted(event.account for event in await take(aiter(fleet), len(NAMES))) == NAMES


async def test_an_account_with_many_changes_lets_the_others_in_between(tmp_path: Path) -> None:
    async with Sandbox(messages=0) as busy, Sandbox(messages=0) as quiet:
        start = now().replace(microsecond=0) - timedelta(hours=1)
        for number in range(50):
            busy.world.add(start + number * timedelta(seconds=1))
        quiet.world.add(start)
        async with (
            KauneongaClient(busy.base_url, busy.token) as client,
            KauneongaClient(quiet.base_url, quiet.token) as other,
            Fleet(client, interval=INTERVAL, start=start, cursor=tmp_path / "cursors.db") as fleet,
        ):
            fleet.add("busy", busy.token)
            fleet.add("quiet", other)
            names = [event.account for event in await take(aiter(fleet), 51)]
            assert names.index("quiet") < 10


async def test_what_was_not_acknowledged_comes_again_when_the_account_does(tmp_path: Path) -> None:
    async with sandbox_of(NAMES) as sandbox, KauneongaClient(sandbox.base_url, "x") as client:
        start = now().replace(microsecond=0) - timedelta(hours=1)
        ids = [sandbox.world.add(start + number * timedelta(seconds=1)) for number in range(3)]
        async with Fleet(client, interval=INTERVAL, start=start, cursor=tmp_path / "cursors.db") as fleet:
            fleet.add("one", NAMES[0])
            events = aiter(fleet)
            first, second = await take(events, 2)
            assert [first.change.id, second.change.id] == ids[:2]
            await fleet.remove("one")
            assert fleet.reports == {}
            fleet.add("one", NAMES[0])
            assert (await take(events, 1))[0].change == second.change
        async with Fleet(client, interval=INTERVAL, cursor=tmp_path / "cursors.db") as again:
            again.add("one", NAMES[0])
            assert (await take(aiter(again), 1))[0].change == second.change
        assert (tmp_path / "cursors.db").stat().st_mode & 0o777 == 0o600


async def test_leaving_the_block_releases_cursors_and_connections(tmp_path: Path) -> None:
    path = tmp_path / "cursors.db"
    async with sandbox_of(NAMES) as sandbox, KauneongaClient(sandbox.base_url, "x") as client:
        with pytest.raises(ZeroDivisionError):
            async with Fleet(client, interval=INTERVAL, cursor=path) as fleet:
                for name in NAMES:
                    fleet.add(name, name)
                await polled(fleet, NAMES, 1)
                raise ZeroDivisionError
        cursor = SqliteCursor(path)
        await cursor.open()
        await cursor.close()
        session = client._transport.sessions._pooled
        assert session is not None
        assert not session.connector._acquired  # type: ignore[union-attr]


async def test_what_a_callback_raises_comes_out_of_the_block() -> None:
    def fail(name: str, error: Exception) -> None:
        raise ZeroDivisionError(name) from error

    async with sandbox_of([]) as sandbox, KauneongaClient(sandbox.base_url, "x") as client:
        with pytest.raises(ZeroDivisionError):
            async with Fleet(client, interval=INTERVAL, on_error=fail) as fleet:
                fleet.add("one", "refused")
                await anext(aiter(fleet))


async def test_a_cursor_of_ones_own_for_each_account() -> None:
    cursors: dict[str, MemoryCursor] = {}

    def make(name: str) -> MemoryCursor:
        return cursors.setdefault(name, MemoryCursor())

    async with sandbox_of(NAMES) as sandbox, KauneongaClient(sandbox.base_url, "x") as client:
        async with Fleet(client, interval=INTERVAL, cursor=make) as fleet:
            for name in NAMES:
                fleet.add(name, name)
            await polled(fleet, NAMES, 1)
    assert sorted(cursors) == NAMES


async def test_bad_arguments_are_refused_before_any_request() -> None:
    async with KauneongaClient("http://127.0.0.1:9", "x") as client:
        for arguments, error in (
            ({"interval": -1}, ValueError),
            ({"cursor": 5}, TypeError),
            ({"cursor": ""}, ValueError),
            ({"on_error": "log"}, TypeError),
            ({"start": "yesterday"}, ValueError),
        ):
            with pytest.raises(error, match=next(iter(arguments))):
                Fleet(client, **arguments)
        with pytest.raises(TypeError, match="client"):
            Fleet("client")  # type: ignore[call-overload]
        fleet = Fleet(client)
        fleet.add("one", "token")
        with pytest.raises(ValueError, match="one"):
            fleet.add("one", "token")
        with pytest.raises(ValueError, match="name"):
            fleet.add("", "token")
        with pytest.raises(RuntimeError, match="block"):
            await anext(aiter(fleet))
        with pytest.raises(KeyError):
            await fleet.remove("two")
        await fleet.remove("one")


async def test_its_events_have_types() -> None:
    class Narrow(msgspec.Struct):
        id: int

    async with KauneongaClient("http://127.0.0.1:9", "x") as client:
        plain = Fleet(client)
        assert_type(plain, Fleet[AccountChange[Message] | AccountFailure])
        narrow = Fleet(client, record_type=Narrow, on_error=print)
        assert_type(narrow, Fleet[AccountChange[Narrow]])


def test_no_repr_of_a_failure_shows_more_than_its_error() -> None:
    failure = AccountFailure(account="one", error=errors.NotFound("no such message", status=404))
    assert "no such message" in repr(failure)
