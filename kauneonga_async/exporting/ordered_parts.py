"""OrderedParts: the outlet of an export whose windows are read elsewhere: orders each, and lets its file appear."""

from __future__ import annotations

import errno
from array import array
from collections import defaultdict
from datetime import datetime
from functools import partial
from itertools import accumulate
from typing import Any

import anyio
import msgspec

from kauneonga_async.errors import ConfigurationError
from kauneonga_async.exporting.engine import Carry, Delivery, Job, Order
from kauneonga_async.exporting.entries import PartEntry, unpack_ids
from kauneonga_async.exporting.parts import Parts, owner_of
from kauneonga_async.streams import Work
from kauneonga_async.threads import carry_out

__all__ = ["OrderedParts"]


class OrderedParts(Parts):
    """Has what a run needs read and staged by an engine.

    Only here are files let appear: what others stage twice, or too late, nobody sees.

    Args:
        arguments: See Parts.
        job: What is exported.
        carry: Has an order carried out.
    """

    def __init__(self, *arguments: Any, job: Job, carry: Carry) -> None:
        super().__init__(*arguments)
        self._job = job
        self._carry = carry
        # What is asked again of one window is asked one after the other: each must know what the others found.
        self._turns: defaultdict[datetime, anyio.Lock] = defaultdict(anyio.Lock)
        self._found: defaultdict[datetime, list[str]] = defaultdict(list)

    async def read(self, work: Work[bytes]) -> None:
        """Have a window read, and its file appear.

        Raises:
            KauneongaError: The window cannot be had.
            OSError: Its file cannot be written.
        """
        if not work.is_again:
            await self._read(work, None)
            return
        owner = owner_of(work)
        async with self._turns[owner]:
            present = [part.name for part in self._journal.state.wholes[owner].parts]
            # The journal is told of what was found once account was taken of it: later than the next may ask.
            await self._read(work, tuple(dict.fromkeys([*present, *self._found[owner]])))
            part = self._finished[work]
            if part is not None:
                self._found[owner].append(part.name)

    async def finished(self, work: Work[bytes]) -> bool:
        """Nothing is to be done: it is there."""
        return True

    async def split(self, work: Work[bytes]) -> None:
        """Nothing is to be done: whoever could not read it has left nothing."""

    async def _read(self, work: Work[bytes], present: tuple[str, ...] | None) -> None:
        order = Order(job=self._job, window=work.window, name=self._name(work), present=present)
        try:
            delivery = await self._carry(order)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            delivery = await self._carry(order)  # as Parts does
        part = delivery.part
        if part is not None:
            part = msgspec.structs.replace(part, mark=await self._adopt(part))
            self._report.bytes_written += part.size
        self._finished[work] = part
        self._take(work, delivery)

    async def _adopt(self, part: PartEntry) -> str:
        try:
            return await carry_out(partial(self._destination.adopt, part.name, part.mark))
        except FileNotFoundError:
            raise ConfigurationError(
                f"destination: what another process wrote of {part.name} is not at {self._destination}: "
                "it must be the same place for all of them"
            ) from None

    def _take(self, work: Work[bytes], delivery: Delivery) -> None:
        """Let the window's sieve know what it would know if it had been read here."""
        sieve, told, report = work.sieve, delivery.report, self._report.stream
        sieve.restart()
        sieve.total, sieve.handed_out = delivery.total, delivery.handed_out
        sieve.earliest, sieve.latest = delivery.earliest, delivery.latest
        sieve.seen.add_all(list(accumulate(delivery.ids)))
        if sieve.sightings is not None:
            for day, ids in unpack_ids(delivery.sightings).items():
                sieve.sightings.by_day[day] = array("q", ids)
        for name in ("records", "bytes", "dropped", "duplicates", "invalid", "retries"):
            setattr(report, name, getattr(report, name) + getattr(told, name))
        self.tell()
