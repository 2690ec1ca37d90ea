"""Throttle: who may send a request now: places in flight, shared pauses, and the pace an account's server bears."""

from __future__ import annotations

import asyncio
from collections import deque

from kauneonga_async import config
from kauneonga_async.errors import KauneongaError, RateLimited, ServerError
from kauneonga_async.transport.alarms import Alarm
from kauneonga_async.transport.pace import Concurrency, Pace
from kauneonga_async.transport.retry import THROTTLING_STATUSES, is_overload

__all__ = ["Loan", "Places", "Throttle"]


class Places:
    """A number of places in flight, given out in the order in which they were asked for, to further tries first.

    A call that waits for its next try holds tokens of the retry budget: behind a thousand first tries it would hold
    them until none were left for anybody.

    Unlike a semaphore it lets one who stood aside come back without a wait: a stream that is held back by its
    consumer gives up its place, so that the consumer's own calls get through.

    Attributes:
        limit: How many there are.
        in_use: How many are taken.
    """

    __slots__ = ("_returning", "_waiters", "in_use", "limit")

    def __init__(self, limit: int) -> None:
        self.limit: int = limit
        self.in_use: int = 0
        # Made when needed: few of a thousand accounts ever wait for places of their own.
        self._waiters: deque[asyncio.Future[None]] | None = None
        self._returning: deque[asyncio.Future[None]] | None = None

    def take_now(self) -> bool:
        """Take a place if that takes no waiting, and is not unfair to those who wait; return whether it was taken."""
        if self.in_use < self.limit and not self._waiters and not self._returning:
            self.in_use += 1
            return True
        return False

    async def take(self, *, again: bool = False) -> None:
        """Take a place, waiting for one if all are taken.

        Args:
            again: Whether it is for a call that had one before.
        """
        if self.take_now():
            return
        waiter = asyncio.get_running_loop().create_future()
        if self._waiters is None or self._returning is None:
            self._waiters, self._returning = deque(), deque()
        queue = self._returning if again else self._waiters
        queue.append(waiter)
        try:
            await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled():
                self.give_up()
            elif waiter in queue:
                queue.remove(waiter)
            raise

    def retake(self) -> None:
        """Take a place now, even beyond the limit."""
        self.in_use += 1

    def give_up(self) -> None:
        """Give a place to who is next."""
        self.in_use -= 1
        self.grant()

    def grant(self) -> None:
        """Wake as many as there are places for."""
        while self.in_use < self.limit and (queue := self._returning or self._waiters):
            waiter = queue.popleft()
            if not waiter.done():
                self.in_use += 1
                waiter.set_result(None)


class Loan(Alarm):
    """A place that ``Throttle.enter`` gave, and that is given up when its time is over, or before.

    Args:
        throttle: Whose place it is.
    """

    __slots__ = ("_throttle",)

    def __init__(self, throttle: Throttle) -> None:
        self._throttle = throttle

    def ring(self) -> None:
        """Give the place to others."""
        self._throttle.leave()


class Throttle:
    """One account's way to the server.

    Args:
        shared: The places in flight that all accounts of a client share.
    """

    def __init__(self, shared: Places) -> None:
        self._shared = shared
        self._own = Places(shared.limit)
        self._concurrency = Concurrency(shared.limit)
        self._pace: Pace | None = None  # made with the first refusal
        self._accepted_before = 0
        self._resume = 0.0
        self._gate: asyncio.Lock | None = None
        self._began: float | None = None

    @property
    def rate(self) -> float | None:
        """Requests a second that are let through, or None while the server has refused none."""
        return self._pace.rate if self._pace else None

    async def enter(self, deadline: float | None = None, *, again: bool = False) -> float:
        """Wait for this account's turn and a place; return the time, by the loop's clock, in seconds.

        Args:
            deadline: When the call must be over, by the loop's clock.
            again: Whether it is not the call's first try.

        Raises:
            RateLimited: The server asked this account for a pause that lasts beyond the deadline.
        """
        loop = asyncio.get_running_loop()
        if self._began is None:
            self._began = loop.time()
        if not self._own.take_now():
            await self._own.take(again=again)
        try:
            if self._pace is not None or self._resume > loop.time():
                await self._wait_turn(deadline)
            if not self._shared.take_now():
                await self._shared.take(again=again)
        except BaseException:
            self._own.give_up()
            raise
        return loop.time()

    def leave(self) -> None:
        """Give up the place that ``enter`` gave."""
        self._shared.give_up()
        self._own.give_up()

    def stand_aside(self) -> None:
        """Give up the place while held back by the consumer; ``come_back`` must follow."""
        self.leave()

    def come_back(self) -> None:
        """Take the place again, without a wait: to wait for it could be to wait for oneself."""
        self._own.retake()
        self._shared.retake()

    def succeeded(self) -> None:
        """Tell that the server has accepted a request."""
        if self._pace is None:
            self._accepted_before += 1
        else:
            self._pace.accepted(asyncio.get_running_loop().time())
        if self._concurrency.limit < self._shared.limit:
            self._concurrency.succeeded(self._own.in_use)
            self._adopt_limit()

    def failed(self, error: KauneongaError, started: float) -> None:
        """Tell how a request failed, which may slow the whole account down.

        Args:
            error: The failure.
            started: What ``enter`` returned.
        """
        if not is_overload(error):
            return
        now = asyncio.get_running_loop().time()
        if isinstance(error, (RateLimited, ServerError)) and error.status in THROTTLING_STATUSES:
            asked = error.retry_after
            if asked is None:
                asked = config.THROTTLED_BACKOFF if isinstance(error, RateLimited) else 0.0
            self._resume = max(self._resume, now + min(asked, config.LONGEST_RETRY_AFTER))
            if isinstance(error, RateLimited):
                self._slow_down(started, now)
        self._concurrency.overloaded(started, now)
        self._adopt_limit()

    def _slow_down(self, started: float, now: float) -> None:
        if self._pace is None:
            self._pace = Pace(now if self._began is None else self._began, self._accepted_before)
        self._pace.refused(started, now, self._resume)

    def _adopt_limit(self) -> None:
        self._own.limit = int(self._concurrency.limit)
        self._own.grant()

    async def _wait_turn(self, deadline: float | None) -> None:
        # One at a time, so that nobody is promised a time far ahead at a rate that changes meanwhile.
        if self._gate is None:
            self._gate = asyncio.Lock()
        clock = asyncio.get_running_loop().time
        async with self._gate:
            while True:
                wait = self._resume - clock()
                if deadline is not None and self._resume >= deadline:
                    raise RateLimited(
                        f"the server asked this account for a pause, which lasts another {wait:.1f} s",
                        status=429,
                        retry_after=wait,
                    )
                if wait <= 0 and self._pace is not None:
                    wait = self._pace.delay(clock())
                if wait <= 0:
                    return
                await asyncio.sleep(wait)
