"""ListingRun: one iteration of a stream: workers that fetch windows, under one supervisor task, for one consumer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Generic, TypeVar

import anyio

from kauneonga_async.errors import ConnectionFailed, KauneongaError
from kauneonga_async.streams.audit import Account, Audit, AuditState, Past
from kauneonga_async.streams.bearable import Bearable
from kauneonga_async.streams.channel import bare_error
from kauneonga_async.streams.fetch import Fetch
from kauneonga_async.streams.ids import IdSet
from kauneonga_async.streams.listing import Listing
from kauneonga_async.streams.outlet import Outlet
from kauneonga_async.streams.report import StreamReport
from kauneonga_async.streams.sieve import InvalidPolicy, OnInvalidFailed, Sieve
from kauneonga_async.streams.spool import SpoolBudget
from kauneonga_async.streams.work import AskAgain, Doubt, Work, WorkList
from kauneonga_async.transport import is_too_much
from kauneonga_async.windows import Window

__all__ = ["ListingRun"]

T = TypeVar("T")

_MOST_CONFIRMED = 5  # missing records that are fetched one by one before a list is called incomplete


class ListingRun(Generic[T]):
    """Fetches the windows of a listing.

    Args:
        listing: What is asked for.
        report: Counts what was done.
        outlet: Where the records go.
        past: What an earlier run over the same range left to know, and to be asked again.
        read: Reads a window, its sieve included, in place of this process; raises what a fetch would.
        invalid: What becomes of records that do not fit, where several runs share it.

    Attributes:
        error: What ended the run early, once the outlet is closed.
    """

    def __init__(
        self,
        listing: Listing[T],
        report: StreamReport,
        outlet: Outlet[T],
        past: Past | None = None,
        read: Callable[[Work[T]], Awaitable[None]] | None = None,
        *,
        invalid: InvalidPolicy | None = None,
    ) -> None:
        self.error: BaseException | None = None
        self._outlet = outlet
        self._read = read or self._read_here
        self._listing = listing
        self._report = report
        self._invalid = invalid or InvalidPolicy(listing.on_invalid, report)
        self._budget = SpoolBudget()
        self._work: WorkList[T] = WorkList(self._plan(), ordered=listing.ordered)
        self._changed = anyio.Event()
        self._bearable = Bearable()
        self._audit: Audit | None = None
        self._all_seen: IdSet | None = None
        if listing.bounds is not None:
            self._audit = Audit(listing.bounds, listing.calendar, report)
            if listing.calendar.date_field != "created_at":
                self._all_seen = IdSet()  # over a field that moves, an id may turn up in two windows
            if past is not None:
                self._audit.recall(past)
                for ask in past.again:
                    self._ask_again(ask)

    async def supervise(self) -> None:
        """Run to the end. To be a task of its own, so that nothing in it is tied to the consumer's."""
        try:
            async with anyio.create_task_group() as tasks:
                for _ in range(self._listing.concurrency):
                    tasks.start_soon(self._labour)
        except BaseExceptionGroup as group:
            error = bare_error(group)
            self.error = self.error or (error.error if isinstance(error, OnInvalidFailed) else error)
        finally:
            self._outlet.close()

    def _plan(self) -> Iterator[Work[T]]:
        if self._listing.make_plan is None:
            yield self._new_work(None)
        else:
            for window in self._listing.make_plan():
                yield self._new_work(window)

    def _new_work(self, window: Window | None, origin: Work[T] | None = None) -> Work[T]:
        """Return a window's work; what was handed out of its origin is not handed out again.

        Args:
            window: The window.
            origin: The work that this one is a part of, or asks for again.
        """
        if origin is not None:
            seen = self._outlet.seen_by(origin)
        else:
            seen = IdSet() if self._all_seen is None else self._all_seen
        listing = self._listing
        sieve: Sieve[T] = Sieve(window, listing.bounds, listing.calendar, seen, self._invalid, self._report)
        return Work(window, sieve)

    async def _labour(self) -> None:
        while True:
            work = self._work.take()
            if work is not None:
                await self._do(work)
                self._changed.set()
                self._changed = anyio.Event()
            elif self._work.is_done:
                return
            else:
                await self._changed.wait()

    async def _do(self, work: Work[T]) -> None:
        window = work.window
        if window is not None and not self._bearable.allows(window.days):
            await self._split(work, window)
            return
        while True:
            if not await self._fetch(work):
                return
            if await self._outlet.finished(work):
                break
        self._work.finish(work)
        self._listing.transport.give_back(work.borrowed)
        if work.window is not None:
            self._bearable.read(work.window.days)
        if not work.is_again:
            self._report.windows += 1
        if self._audit is None:
            await self._outlet.accounted(work, Account([], {}), AuditState())
            return
        account = self._audit.account(work, datetime.now(UTC))
        await self._outlet.accounted(work, account, self._audit.state)
        for step in account.steps:
            await self._take_step(self._audit, step)
        first = self._work.first_unfinished
        if first is not None:
            self._audit.forget_before(first)

    async def _fetch(self, work: Work[T]) -> bool:
        """Fetch a window; return whether it was read to its end, and not cut in two instead."""
        try:
            await self._read(work)
        except KauneongaError as error:
            window = work.window
            if window is None or window.days == 1 or not _is_worth_splitting(error):
                raise
            # What others have found out while it was on its way is learnt, and paid for, once.
            if self._bearable.allows(window.days):
                borrowed = self._listing.transport.borrow_retry(error)
                if not borrowed:
                    raise
                work.borrowed += borrowed
                if is_too_much(error):
                    # Content Too Large, RFC 9110, 15.5.14: of a 504, or a timeout, there may be other reasons.
                    surely = getattr(error, "status", None) == 413  # noqa: PLR2004
                    self._bearable.exceeded(window.days, surely=surely)
            await self._split(work, window)
            return False
        return True

    async def _read_here(self, work: Work[T]) -> None:
        sink = self._outlet.sink(work)
        await Fetch(self._listing, work.sieve, sink, work.turn, self._budget, self._report).run()

    async def _split(self, work: Work[T], window: Window) -> None:
        self._report.splits += 1
        await self._outlet.split(work)
        halves = window.halves(self._listing.calendar) or ()
        self._work.replace(work, [self._new_work(half, work) for half in halves])

    async def _take_step(self, audit: Audit, step: AskAgain | Doubt) -> None:
        if isinstance(step, AskAgain):
            self._ask_again(step)
            return
        if await self._is_confirmed(step):
            raise audit.refuse(step)
        await self._outlet.dispelled(step)

    def _ask_again(self, ask: AskAgain) -> None:
        for window in ask.windows:
            self._work.add_again(self._new_work(window, ask.work), ask)

    async def _is_confirmed(self, doubt: Doubt) -> bool:
        """Make sure that missing records are there: what was deleted in the meantime is not missing."""
        exists = self._listing.exists
        if exists is None:
            return True
        for missing in doubt.missing[:_MOST_CONFIRMED]:
            if await exists(missing.record_id):
                return True
        # A server that does not find either what it has just listed says nothing of what it did not list.
        listed = doubt.work.sieve.listed
        return listed is not None and not await exists(listed)


def _is_worth_splitting(error: KauneongaError) -> bool:
    """Tell whether half of a window may succeed where the whole did not: too much at once, or never whole."""
    return is_too_much(error) or (isinstance(error, ConnectionFailed) and error.phase == "body")
