"""Patience: as ``asyncio.timeout``, whoever else raises or cancels."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kauneonga_async.transport.alarms import Alarms
from kauneonga_async.transport.patience import Patience


def test_what_takes_too_long_ends_in_a_timeout(run_jumping: Any) -> None:
    async def wait() -> float:
        began = asyncio.get_running_loop().time()
        patience = Patience(Alarms(), 3)
        with pytest.raises(TimeoutError), patience:
            await asyncio.sleep(100)
        assert patience.is_over
        await asyncio.sleep(0)  # and nothing of the cancellation is left
        return asyncio.get_running_loop().time() - began

    assert run_jumping(wait()) == pytest.approx(3, abs=0.1)


def test_what_ends_in_time_is_not_disturbed(run_jumping: Any) -> None:
    async def wait() -> None:
        patience = Patience(Alarms(), 3)
        with patience:
            await asyncio.sleep(2)
        await asyncio.sleep(100)
        assert not patience.is_over

    run_jumping(wait())


async def test_a_timeout_of_somebody_else_s_is_told_from_ours() -> None:
    patience = Patience(Alarms(), 3)
    with pytest.raises(TimeoutError), patience:
        raise TimeoutError
    assert not patience.is_over


def test_who_is_cancelled_as_the_time_ends_stays_cancelled(run_jumping: Any) -> None:
    async def wait(patience: Patience) -> None:
        with patience:
            await asyncio.sleep(100)

    async def cancel() -> None:
        patience = Patience(Alarms(), 3)
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(wait(patience))
            await asyncio.sleep(0)
            patience.ring()
            patience.call_off()
            task.cancel()
        assert task.cancelled()

    run_jumping(cancel())


def test_the_outer_of_two_ends_both(run_jumping: Any) -> None:
    async def wait() -> None:
        alarms = Alarms()
        outer, inner = Patience(alarms, 3), Patience(alarms, 10)
        with pytest.raises(TimeoutError), outer, inner:
            await asyncio.sleep(100)
        assert (outer.is_over, inner.is_over) == (True, False)

    run_jumping(wait())


def test_what_is_excused_does_not_count(run_jumping: Any) -> None:
    async def wait() -> float:
        began = asyncio.get_running_loop().time()
        patience = Patience(Alarms(), 3)
        with pytest.raises(TimeoutError), patience:
            patience.excuse(2)
            await asyncio.sleep(4)
            patience.excuse(10)
            await asyncio.sleep(100)
        assert patience.is_over
        return asyncio.get_running_loop().time() - began

    assert run_jumping(wait()) == pytest.approx(15, abs=0.2)


@pytest.mark.parametrize("stopped_for", [1, 50])
def test_while_it_is_stopped_nothing_ends(stopped_for: int, run_jumping: Any) -> None:
    async def wait() -> float:
        began = asyncio.get_running_loop().time()
        patience = Patience(Alarms(), 3)
        with pytest.raises(TimeoutError), patience:
            await asyncio.sleep(1)
            patience.stop()
            await asyncio.sleep(stopped_for)
            patience.excuse(stopped_for)
            patience.go_on()
            await asyncio.sleep(1)
            await asyncio.sleep(100)
        return asyncio.get_running_loop().time() - began

    assert run_jumping(wait()) == pytest.approx(3 + stopped_for, abs=0.2)
