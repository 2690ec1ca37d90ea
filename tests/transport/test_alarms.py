"""Alarms: each rings at its own time, though one timer serves many."""

from __future__ import annotations

import asyncio
from typing import Any

from kauneonga_async.transport.alarms import Alarm, Alarms


class Bell(Alarm):
    """Notes when it rings."""

    def __init__(self, rung: list[tuple[str, float]], name: str) -> None:
        self.rung = rung
        self.name = name

    def ring(self) -> None:
        self.rung.append((self.name, round(asyncio.get_running_loop().time() - self.rung[0][1])))


def test_each_rings_when_its_time_is_over_and_those_called_off_do_not(run_jumping: Any) -> None:
    async def ring() -> list[tuple[str, float]]:
        clock = asyncio.get_running_loop().time
        rung = [("began", clock())]
        alarms = Alarms()
        early, off, late, short = (Bell(rung, name) for name in ("early", "off", "late", "short"))
        alarms.set(early, 10, clock())
        alarms.set(off, 10, clock())
        await asyncio.sleep(5)
        alarms.set(late, 10, clock())
        alarms.set(short, 2, clock())
        assert off.call_off()
        assert not off.call_off()
        await asyncio.sleep(20)
        assert not early.call_off()
        return rung[1:]

    assert run_jumping(ring()) == [("short", 7), ("early", 10), ("late", 15)]


def test_those_of_a_length_share_a_timer_and_leave_nothing_behind(run_jumping: Any) -> None:
    async def count() -> tuple[int, int]:
        loop = asyncio.get_running_loop()
        timers: list[Any] = loop._scheduled  # type: ignore[attr-defined]
        before, alarms = len(timers), Alarms()
        bells = [Bell([("began", 0.0)], str(number)) for number in range(100)]
        for bell in bells:
            alarms.set(bell, 30, loop.time())
        added = len(timers) - before
        for bell in bells:
            bell.call_off()
        await asyncio.sleep(40)
        return added, len(alarms._rows)

    assert run_jumping(count()) == (1, 0)
