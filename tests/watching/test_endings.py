"""How a watch ends, and what it holds, blocks and keeps from others until then."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from kauneonga_async import KauneongaClient, errors
from kauneonga_async.sandbox import Sandbox
from tests.watching.moments import DAY, now
from tests.watching.observer import INTERVAL, Observer


async def test_a_refused_token_ends_the_watch_and_says_so(sandbox: Sandbox, client: KauneongaClient) -> None:
    async with Observer(client.messages.watch(interval=INTERVAL)) as observer:
        await observer.settle()
        sandbox.configure(token="another")
        with pytest.raises(errors.AuthenticationError):
            await observer.settle()


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


async def test_what_on_invalid_raises_ends_the_watch_and_is_not_taken_for_an_outage(
    sandbox: Sandbox, client: KauneongaClient
) -> None:
    reason = errors.ConnectionFailed("a sink of ours is down", phase="body")

    def refuse(record: object) -> None:
        raise reason

    async with Observer(client.messages.watch(interval=INTERVAL, on_invalid=refuse)) as observer:
        await observer.settle()
        sandbox.world.add(now(), caller_id=5, read="CANARY")
        with pytest.raises(errors.ConnectionFailed) as caught:
            await observer.settle()
        assert caught.value is reason


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


async def test_the_loop_is_never_blocked_by_the_cursor(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    with blockbuster_ctx("kauneonga_async"):
        watch = client.messages.watch(interval=INTERVAL, cursor=tmp_path / "cursor.db", start=(now() - 5 * DAY).date())
        async with Observer(watch) as observer:
            assert await observer.settle()
            sandbox.world.add(now())
            assert await observer.settle()
