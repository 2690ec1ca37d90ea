"""Field: what activities share: the client, what the server really holds, and the account of what was done."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

from kauneonga_async import KauneongaClient
from kauneonga_async.sandbox.world import World
from tests.soak.server import START, STOP

__all__ = ["Field", "Mismatch"]


class Mismatch(Exception):
    """What came is not what there is."""


class Field:
    """What activities share.

    Args:
        client: The client that all use.
        folder: Where they may write.
        chance: From which it follows what they do.

    Attributes:
        times: When each message was taken, by id.
        done: How often each activity came to its end.
        records: How many records each was given, and found right.
        failed: Errors that activities were told of, by activity and class.
        created: What each creation was reported to have come to, by its text.
    """

    def __init__(self, client: KauneongaClient, folder: Path, world: World, chance: random.Random) -> None:
        self.client = client
        self.folder = folder
        self.world = world
        self.chance = chance
        self.times: dict[int, datetime] = world.times()
        self.done: Counter[str] = Counter()
        self.records: Counter[str] = Counter()
        self.failed: Counter[tuple[str, str]] = Counter()
        self.created: dict[str, str] = {}
        self._running = 0
        self._going = asyncio.Event()
        self._going.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Wait until nobody rests, and count as running for as long as a block lasts."""
        await self._going.wait()
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    @asynccontextmanager
    async def rest(self) -> AsyncIterator[None]:
        """Let what runs come to its end, and nothing begin: what is held then is held for good."""
        self._going.clear()
        try:
            while self._running:
                await asyncio.sleep(0.01)
            yield
        finally:
            self._going.set()

    def some_range(self) -> tuple[date, date]:
        """Return two days, in order."""
        days = sorted(self.chance.randint(0, (STOP - START).days) for _ in range(2))
        return START + timedelta(days=days[0]), START + timedelta(days=days[1])

    def ids_of(self, first: date, last: date) -> list[int]:
        """Return the ids of the messages taken from one day to another, both included."""
        return [number for number, moment in self.times.items() if first <= moment.date() <= last]

    def compare(self, activity: str, ids: Iterable[int], expected: Iterable[int]) -> None:
        """Make sure that ids are those expected, each once.

        Raises:
            Mismatch: They are not.
        """
        came, there = Counter(ids), Counter(expected)
        if came != there:
            lost, more = there - came, came - there
            raise Mismatch(f"{activity}: {lost.total()} missing {list(lost)[:5]}, {more.total()} more {list(more)[:5]}")
        self.records[activity] += came.total()
