"""Handover: changes on their way to the consumer, who has dealt with what he has when he asks for more."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from kauneonga_async.streams import ChannelClosed

__all__ = ["Handover", "Taker"]

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class Taker(Protocol[T_contra]):
    """Whom a watch hands its changes to."""

    async def give(self, batch: Sequence[T_contra]) -> None:
        """Hand a batch over; return when it was dealt with."""
        ...

    def close(self) -> None:
        """Tell that no more comes."""
        ...


class Handover(Generic[T]):
    """A queue of one batch, with one giver and one receiver; the giver learns when the batch was dealt with."""

    def __init__(self) -> None:
        self._batch: Sequence[T] | None = None
        self._closed = False
        self._filled = asyncio.Event()
        self._wanted = asyncio.Event()

    async def wanted(self) -> None:
        """Wait until the consumer asks for something."""
        await self._wanted.wait()

    async def give(self, batch: Sequence[T]) -> None:
        """Hand a batch over; return when the consumer asks for the next, and so has acknowledged this one."""
        await self._wanted.wait()
        self._wanted.clear()
        self._batch = batch
        self._filled.set()
        await self._wanted.wait()

    async def receive(self) -> Sequence[T]:
        """Acknowledge what was received before, and wait for the next.

        Raises:
            ChannelClosed: No more comes.
        """
        self._wanted.set()
        while self._batch is None:
            if self._closed:
                raise ChannelClosed
            self._filled.clear()
            await self._filled.wait()
        batch, self._batch = self._batch, None
        return batch

    def close(self) -> None:
        """Tell that no more comes."""
        self._closed = True
        self._filled.set()

    def drop(self) -> bool:
        """Let go of what was not received; return whether there was anything."""
        held_any = self._batch is not None
        self._batch = None
        return held_any
