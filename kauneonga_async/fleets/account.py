"""Account: one account of a fleet, and the way of its changes to the one who takes those of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anyio

from kauneonga_async.client import KauneongaClient
from kauneonga_async.fleets.events import AccountChange
from kauneonga_async.fleets.lane import Lane
from kauneonga_async.watching import MessageChange, Watch

__all__ = ["Account"]


class Account:
    """One account of a fleet, and the way of its changes into the lane.

    Args:
        name: The name that it was added by.
        client: Its client.
        watch: Its watch.
        lane: Where its changes go.
        begin: Before which it is not asked for, by the loop's clock, in seconds.
        closes: Whether the client was made for it, and is closed with it.

    Attributes:
        scope: Is cancelled to end it.
        ended: Is set when it has ended.
    """

    def __init__(
        self, name: str, client: KauneongaClient, watch: Watch[Any], lane: Lane[Any], begin: float, *, closes: bool
    ) -> None:
        self.name = name
        self.client = client
        self.watch = watch
        self.closes = closes
        self.scope: anyio.CancelScope = anyio.CancelScope()
        self.ended: anyio.Event = anyio.Event()
        self._lane = lane
        self._begin = begin

    async def watch_until_it_ends(self) -> Exception:
        """Watch, and return what has ended it."""
        await anyio.sleep_until(self._begin)
        run = self.watch._run(self)  # noqa: SLF001 - no public method, which users would be shown
        await run.supervise()
        if isinstance(run.error, Exception):
            return run.error.with_traceback(None)
        raise AssertionError("a watch ends by an error, or is cancelled")

    async def give(self, batch: Sequence[MessageChange[Any]]) -> None:
        """Hand changes to the lane, and return when they were dealt with."""
        for change in batch:
            await self._lane.give(AccountChange(account=self.name, change=change))

    def close(self) -> None:
        """Do nothing: the lane is open for the others."""
