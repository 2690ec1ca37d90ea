"""Tiers: how far back a watch looks, and how often: the near past each poll, what is further back in turns. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import ceil

import msgspec

from kauneonga_async import config
from kauneonga_async.calendars import DAY

__all__ = ["LookBack", "Tier", "Turns", "read_look_back"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Tier(msgspec.Struct, frozen=True):
    """A part of the past that is looked at once a period.

    Attributes:
        nearest: How long ago its latest day is.
        reach: How long ago its earliest day is.
        every: How often each of its days is looked at.
    """

    nearest: timedelta
    reach: timedelta
    every: timedelta

    @property
    def window_days(self) -> int:
        """Days that are asked for at once."""
        days = ceil((self.reach - self.nearest) / DAY)
        return min(config.LONGEST_WINDOW_DAYS, max(config.SHORTEST_WINDOW_DAYS, ceil(days / config.WINDOWS_AIMED_AT)))

    @property
    def slots(self) -> int:
        """Into how many equal parts its period is divided: there are never more windows than these."""
        return ceil((self.reach - self.nearest) / (self.window_days * DAY)) + 1


class LookBack(msgspec.Struct, frozen=True):
    """How far back a watch looks.

    Attributes:
        near: As far as each poll does.
        tiers: What lies further back, from near to far.
    """

    near: timedelta
    tiers: tuple[Tier, ...] = ()

    @property
    def widest(self) -> timedelta:
        """As far back as is looked at all."""
        return self.tiers[-1].reach if self.tiers else self.near


def read_look_back(value: timedelta | Mapping[timedelta, timedelta | None]) -> LookBack:
    """Return what a user's look-back means.

    Args:
        value: How far each poll looks back; or, for each reach, how often: None for each poll, for the nearest.

    Raises:
        TypeError: It is neither a timedelta nor a mapping of timedeltas.
        ValueError: One of them is not positive, or reaches further than a century, or it is not the nearest that is
            looked at each poll.
    """
    steps = {value: None} if isinstance(value, timedelta) else value
    if not isinstance(steps, Mapping):
        raise TypeError(f"look_back: a timedelta, or a mapping of them, is needed, not {type(value).__name__}")
    for length in (*steps, *(every for every in steps.values() if every is not None)):
        if not isinstance(length, timedelta):
            raise TypeError(f"look_back: timedeltas are needed, not {type(length).__name__}")
        if length <= timedelta():
            raise ValueError(f"look_back: {length} is not a positive length of time")
    reaches = sorted(steps)
    if reaches and reaches[-1] > config.LONGEST_LOOK_BACK:
        raise ValueError(f"look_back: {reaches[-1].days} days are more than {config.LONGEST_LOOK_BACK.days}, a century")
    if not reaches or [reach for reach in reaches if steps[reach] is None] != reaches[:1]:
        raise ValueError("look_back: the nearest reach, and it alone, is looked at each poll: its value is None")
    tiers = [Tier(nearest, reach, steps[reach] or DAY) for nearest, reach in pairwise(reaches)]
    return LookBack(reaches[0], tuple(tiers))


class Turns:
    """Whose turn it is, of the windows of one tier.

    The days of all time are cut into windows of the tier's length, at places that never move, and the tier's period
    into slots. A window has its turn in the slot of its own number, so that each has it once a period, whatever
    midnight passes meanwhile, and a restart changes nothing.

    Args:
        tier: The tier.
        interval: Seconds between two polls.
    """

    def __init__(self, tier: Tier, interval: float) -> None:
        self._tier = tier
        self._at_once = max(1, ceil(interval * tier.slots / tier.every.total_seconds()))
        self._last: int | None = None
        self._waiting: deque[int] = deque()  # slots that came, and were not taken yet
        self._unfinished: list[int] = []  # slots that were taken, and whose days were not had

    def take(self, now: datetime, today: date) -> Iterator[tuple[date, date]]:
        """Yield the days, first and last, whose turn it is: no more at a time than keeps up with the period.

        A turn is over when the next is asked for. One that is not has it again with the next slot: not before, so that
        days that cannot be had hold up neither others nor the polls.

        Args:
            now: The present.
            today: The day that it is.
        """
        slots = self._tier.slots
        slot = (now - _EPOCH) * slots // self._tier.every
        last = slot - 1 if self._last is None or self._last > slot else self._last
        if came := [missed % slots for missed in range(max(last + 1, slot - slots + 1), slot + 1)]:
            self._waiting = deque(dict.fromkeys([*self._waiting, *self._unfinished, *came]))  # each once
            self._unfinished.clear()
        self._last = slot
        return self._next(today)

    def _next(self, today: date) -> Iterator[tuple[date, date]]:
        tier = self._tier
        size, slots = tier.window_days, tier.slots
        first = today.toordinal() - ceil(tier.reach / DAY)
        last = today.toordinal() - tier.nearest // DAY
        taken = 0
        while self._waiting and taken < self._at_once:
            slot = self._waiting.popleft()
            for number in range(first // size, last // size + 1):
                if number % slots == slot:
                    taken += 1
                    begin, end = max(first, number * size), min(last, (number + 1) * size - 1)
                    self._unfinished.append(slot)
                    yield date.fromordinal(begin), date.fromordinal(end)
                    self._unfinished.remove(slot)
