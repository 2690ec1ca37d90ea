"""Engines that carry orders out in this process: what a cluster does to an export, without one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from kauneonga_async import KauneongaClient
from kauneonga_async.exporting import Carry, Delivery, Order, fulfil


class Here:
    """Carries out each order once, with a client.

    Attributes:
        orders: Those that were given.
    """

    def __init__(self, client: KauneongaClient) -> None:
        self._client = client
        self.orders: list[Order] = []

    @asynccontextmanager
    async def open(self, account: str) -> AsyncIterator[Carry]:
        yield self.carry

    async def carry(self, order: Order) -> Delivery:
        self.orders.append(order)
        return await fulfil(order, self._client)


class Twice(Here):
    """Carries out each order a second time, after the first was delivered, as one who was taken for dead does."""

    @asynccontextmanager
    async def open(self, account: str) -> AsyncIterator[Carry]:
        async with anyio.create_task_group() as tasks:

            async def carry(order: Order) -> Delivery:
                delivery = await self.carry(order)
                tasks.start_soon(self.carry, order)
                return delivery

            yield carry
