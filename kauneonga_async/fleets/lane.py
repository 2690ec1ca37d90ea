"""Lane: from many givers to one receiver, in the order in which they came; each learns when its item was dealt with."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

__all__ = ["Lane"]

T = TypeVar("T")


class Lane(Generic[T]):
    """A queue in which each giver has one item at a time: none gets ahead of the others, and memory is bounded."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[T, asyncio.Future[None]]] = deque()
        self._filled = asyncio.Event()
        self._in_hand: asyncio.Future[None] | None = None

    async def give(self, item: T) -> None:
        """Hand an item over; return when the receiver asks for the next, and so has dealt with this one."""
        dealt_with = asyncio.get_running_loop().create_future()
        entry = (item, dealt_with)
        self._waiting.append(entry)
        self._filled.set()
        try:
            await dealt_with
        except asyncio.CancelledError:
            if entry in self._waiting:
                self._waiting.remove(entry)
            raise

    def tell(self, item: T) -> None:
        """Hand an item over without waiting."""
        self._waiting.append((item, asyncio.get_running_loop().create_future()))
        self._filled.set()

    async def receive(self) -> T:
        """Tell the giver of what was received before that it was dealt with, and wait for the next."""
        if self._in_hand is not None and not self._in_hand.done():
            self._in_hand.set_result(None)
        self._in_hand = None
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        item, self._in_hand = self._waiting.popleft()
        return item
