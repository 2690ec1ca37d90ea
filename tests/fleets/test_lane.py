"""Items of many givers, in turn, each acknowledged by asking for the next."""

from __future__ import annotations

import asyncio

from kauneonga_async.fleets.lane import Lane


async def test_a_giver_returns_when_the_next_item_is_asked_for() -> None:
    lane: Lane[int] = Lane()
    giver = asyncio.create_task(lane.give(1))
    assert await lane.receive() == 1
    await asyncio.sleep(0)
    assert not giver.done()
    lane.tell(2)
    assert await lane.receive() == 2
    await giver


async def test_a_giver_that_goes_takes_its_item_along() -> None:
    lane: Lane[int] = Lane()
    first, second = asyncio.create_task(lane.give(1)), asyncio.create_task(lane.give(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    assert await lane.receive() == 2
    second.cancel()  # while it is in hand
    await asyncio.wait([second])
    lane.tell(3)
    assert await lane.receive() == 3


async def test_givers_have_their_turns() -> None:
    lane: Lane[str] = Lane()

    async def give(name: str) -> None:
        for _ in range(3):
            await lane.give(name)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(give("a"))
        tasks.create_task(give("b"))
        received = [await lane.receive() for _ in range(6)]
        lane.tell("end")
        await lane.receive()
    assert received == ["a", "b"] * 3
