"""Places in flight, shared pauses, and who waits for whom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from kauneonga_async.errors import RateLimited, RequestTimeout, ServerError
from kauneonga_async.transport.throttle import Places, Throttle

Run = Callable[[Coroutine[Any, Any, Any]], Any]


async def test_places_are_given_in_the_order_they_were_asked_for() -> None:
    places = Places(1)
    await places.take()
    order: list[int] = []

    async def wait(number: int) -> None:
        await places.take()
        order.append(number)
        places.give_up()

    async with asyncio.TaskGroup() as tasks:
        for number in range(5):
            tasks.create_task(wait(number))
        await asyncio.sleep(0)
        places.give_up()
    assert order == [0, 1, 2, 3, 4]
    assert places.in_use == 0


async def test_who_had_a_place_before_does_not_wait_behind_those_who_had_none() -> None:
    places = Places(1)
    await places.take()
    order: list[str] = []

    async def wait(name: str, *, again: bool) -> None:
        await places.take(again=again)
        order.append(name)
        places.give_up()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(wait("first", again=False))
        tasks.create_task(wait("again", again=True))
        tasks.create_task(wait("again, later", again=True))
        await asyncio.sleep(0)
        places.give_up()
    assert order == ["again", "again, later", "first"]


@pytest.mark.parametrize("turns", range(6))
async def test_a_waiter_that_is_cancelled_loses_no_place(turns: int) -> None:
    places = Places(1)
    await places.take()
    waiters = [asyncio.create_task(places.take()) for _ in range(3)]
    await asyncio.sleep(0)
    if turns % 2:
        places.give_up()
    for _ in range(turns // 2):
        await asyncio.sleep(0)
    waiters[0].cancel()
    await asyncio.wait([waiters[0]])
    if not turns % 2:
        places.give_up()
    while not waiters[2].done():
        await asyncio.sleep(0)
        if waiters[1].done() and places.in_use:
            places.give_up()
        if waiters[0].done() and not waiters[0].cancelled() and places.in_use:
            places.give_up()
    while places.in_use > 0:
        places.give_up()
    await places.take()
    assert places.in_use == 1


async def test_who_stood_aside_comes_back_at_once() -> None:
    places = Places(1)
    await places.take()
    places.give_up()
    await places.take()
    places.retake()
    assert places.in_use == 2
    waiter = asyncio.create_task(places.take())
    await asyncio.sleep(0)
    places.give_up()
    await asyncio.sleep(0)
    assert not waiter.done()
    places.give_up()
    await waiter
    assert places.in_use == 1


def test_a_pause_is_the_whole_account_s_and_no_other_s(run_jumping: Run) -> None:
    async def main() -> None:
        shared = Places(4)
        one, other = Throttle(shared), Throttle(shared)
        clock = asyncio.get_running_loop().time
        began = await one.enter()
        one.failed(RateLimited(status=429, retry_after=30.0), began)
        one.leave()
        await other.enter()
        assert clock() - began < 1
        other.leave()
        await asyncio.gather(one.enter(), one.enter())
        assert 30 <= clock() - began < 31

    run_jumping(main())


def test_a_pause_beyond_the_deadline_is_told_at_once(run_jumping: Run) -> None:
    async def main() -> None:
        throttle = Throttle(Places(4))
        clock = asyncio.get_running_loop().time
        began = await throttle.enter()
        throttle.failed(ServerError(status=503, retry_after=60.0), began)
        throttle.leave()
        with pytest.raises(RateLimited) as caught:
            await throttle.enter(clock() + 10)
        assert caught.value.retry_after == pytest.approx(60, abs=1)
        assert clock() - began < 1
        await throttle.enter(clock() + 100)
        assert clock() - began >= 60

    run_jumping(main())


def test_after_a_refusal_requests_are_spaced(run_jumping: Run) -> None:
    async def main() -> list[float]:
        throttle = Throttle(Places(100))
        for _ in range(10):
            began = await throttle.enter()
            throttle.succeeded()
            throttle.leave()
        began = await throttle.enter()
        throttle.failed(RateLimited(status=429, retry_after=1.0), began)
        throttle.leave()
        assert throttle.rate == pytest.approx(10, abs=0.1)
        return sorted(await asyncio.gather(*(throttle.enter() for _ in range(4))))

    starts = run_jumping(main())
    assert all(b - a == pytest.approx(0.1, abs=0.03) for a, b in zip(starts, starts[1:], strict=False))


async def test_overload_lowers_the_requests_in_flight_of_this_account() -> None:
    shared = Places(10)
    throttle, other = Throttle(shared), Throttle(shared)
    began = await throttle.enter()
    throttle.failed(RequestTimeout(), began)
    throttle.leave()
    for _ in range(7):
        await throttle.enter()
    blocked = asyncio.create_task(throttle.enter())
    await asyncio.sleep(0)
    assert not blocked.done()
    await other.enter()
    blocked.cancel()


async def test_waiting_for_a_turn_can_be_cancelled_and_costs_no_place() -> None:
    shared = Places(2)
    throttle = Throttle(shared)
    began = await throttle.enter()
    throttle.failed(RateLimited(status=429, retry_after=100.0), began)
    throttle.leave()
    waiters = [asyncio.create_task(throttle.enter()) for _ in range(3)]
    await asyncio.sleep(0.01)
    for waiter in waiters:
        waiter.cancel()
    await asyncio.wait(waiters)
    assert shared.in_use == 0
    await shared.take()
    await shared.take()
