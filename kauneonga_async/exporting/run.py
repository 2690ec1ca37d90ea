"""ExportRun: one run of an export of messages: what is left of it, window by window, until nothing is."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
import msgspec
from anyio import CancelScope

from kauneonga_async.decoding import line_reader
from kauneonga_async.errors import KauneongaError, RateLimited
from kauneonga_async.exporting.clock import end_of_run, knock
from kauneonga_async.exporting.destinations import Destination
from kauneonga_async.exporting.details import FetchDetails
from kauneonga_async.exporting.engine import Engine, Job
from kauneonga_async.exporting.entries import Span
from kauneonga_async.exporting.formats import Format
from kauneonga_async.exporting.journal import Journal
from kauneonga_async.exporting.opening import open_journal
from kauneonga_async.exporting.ordered_parts import OrderedParts
from kauneonga_async.exporting.parts import Parts
from kauneonga_async.exporting.past import recollect
from kauneonga_async.exporting.pauses import Patience, pause_for
from kauneonga_async.exporting.report import ExportReport
from kauneonga_async.exporting.state import State
from kauneonga_async.streams import InvalidPolicy, Listing, ListingRun
from kauneonga_async.threads import carry_out
from kauneonga_async.windows import Range, Window

__all__ = ["ExportRun"]


class ExportRun:
    """One run, at a destination that is locked.

    Args:
        destination: Where files go.
        journal: Tells what is there, and is told what is whole.
        form: What files are written as.
        listing: What is asked for.
        fetch_details: Fetches whole messages by their ids; None where the listed ones will do.
        progress: Is called with the report after each write.
        engine: What reads the windows in other processes; None for this one.
        job: What those are told.
    """

    def __init__(
        self,
        destination: Destination,
        journal: Journal[State],
        form: Format,
        listing: Listing[Any],
        fetch_details: FetchDetails | None,
        progress: Callable[[ExportReport], None] | None,
        engine: Engine | None,
        job: Job | None,
    ) -> None:
        self._destination = destination
        self._journal = journal
        self._form = form
        self._listing = listing
        self._fetch_details = fetch_details
        self._progress = progress
        self._engine = engine
        self._job = job
        self._report = ExportReport()
        self._before = frozenset(journal.state.parts)
        self._pauses = 0
        self._invalid = InvalidPolicy(listing.on_invalid, self._report.stream)
        self._began = time.monotonic()

    async def run(self) -> ExportReport:
        """Export what is left to be exported.

        Raises:
            KauneongaError: A window cannot be had. A server that asks for patience is waited for, and one that is in
                trouble, if it was not before.
        """
        self._take_stock()
        state = self._journal.state
        steps: list[Callable[[], Awaitable[BaseException | None]]] = [self._extend, self._work_off]
        if state.spans and not await carry_out(partial(state.is_complete, self._listing.calendar)):
            steps.insert(0, self._work_off)
        patience = Patience(self._count_done, self._listing.options.max_retries)
        for step in steps:
            while (error := await self._take(step)) is not None:
                await self._wait_for_server(error, patience)
                await self._reopen()
        return self._report

    async def _take(self, step: Callable[[], Awaitable[BaseException | None]]) -> KauneongaError | None:
        """Take a step, which returns or raises what ended it early, and return that if it may pass."""
        try:
            error = await step()
        except KauneongaError as failure:
            error = failure
        if error is None or isinstance(error, KauneongaError):
            return error
        # Without the frames of the run, whose locals hold records.
        raise error.with_traceback(None)

    async def _wait_for_server(self, error: KauneongaError, patience: Patience) -> None:
        """Wait until the server answers one request, or raise the error."""
        transport, clock = self._listing.transport, anyio.current_time
        while True:
            self._pauses += 1
            await pause_for(error.with_traceback(None), patience, self._pauses, "the export of messages")
            transport.check()
            began = clock()
            try:
                await knock(self._listing)
            except RateLimited as failure:
                error = failure
            except KauneongaError as failure:
                patience.tell_lost(clock() - began)
                error = failure
            else:
                patience.tell_back()
                transport.refill_budget()
                return

    def _count_done(self) -> int:
        return sum(1 + len(whole.later) for whole in self._journal.state.wholes.values())

    async def _reopen(self) -> None:
        """Go on as another process would: files may have appeared whose entry did not come to be written."""
        begun, calendar = self._journal.state.begun, self._listing.calendar
        opened = partial(open_journal, self._destination, begun, calendar, None, overwrite=False, refresh_since=None)
        self._journal = await carry_out(opened)
        self._take_stock()

    def _take_stock(self) -> None:
        """Count what is there: files of earlier runs, and this one's."""
        report, parts = self._report, list(self._journal.state.parts)
        kept = [part for part in parts if part in self._before]
        new = [part for part in parts if part not in self._before]
        report.parts_kept, report.records_kept = len(kept), sum(part.records for part in kept)
        report.parts, report.stream.records = len(new), sum(part.records for part in new)
        report.bytes_written = sum(part.size for part in new)
        report.without_details = sum(part.without_details for part in new)

    async def _work_off(self) -> BaseException | None:
        """Export the windows that are left; return what ended that early."""
        state, report = self._journal.state, self._report
        bounds = self._listing.bounds
        # Of a range that lies in the future nothing is known, not even that it is empty.
        report.until = None if bounds is None or state.end == bounds.start else state.end
        report.seconds = time.monotonic() - self._began
        pending = await carry_out(partial(state.pending_windows, self._listing.calendar))
        left = len(pending) if bounds is not None else int(not state.wholes)
        report.parts_planned = report.parts + left
        past, numbers = await carry_out(
            partial(recollect, state, self._listing, pending, self._form, self._destination.open)
        )
        arguments = (
            self._destination, self._form, self._journal, numbers, self._fetch_details, report, self._progress,
        )  # fmt: skip
        if not left and past is None:
            Parts(*arguments).tell()
            return None
        listing = self._listing_of(pending)
        if self._engine is None or self._job is None:
            outlet = Parts(*arguments)
            run = ListingRun(listing, report.stream, outlet, past, invalid=self._invalid)
            error = await self._supervise(run, outlet)
        else:
            job = msgspec.structs.replace(self._job, bounds=listing.bounds)
            async with self._engine.open(job.account) as carry:
                outlet = OrderedParts(*arguments, job=job, carry=carry)
                run = ListingRun(listing, report.stream, outlet, past, outlet.read, invalid=self._invalid)
                error = await self._supervise(run, outlet)
            # What was staged by processes that were lost.
            await carry_out(self._destination.clean)
        if error is not None:
            return error
        await carry_out(self._journal.shorten)
        outlet.tell()
        return None

    @staticmethod
    async def _supervise(run: ListingRun[bytes], outlet: Parts) -> BaseException | None:
        try:
            await run.supervise()
        finally:
            with CancelScope(shield=True):
                await outlet.discard_unfinished()
        return run.error

    def _listing_of(self, pending: list[Window]) -> Listing[Any]:
        bounds = self._listing.bounds
        return msgspec.structs.replace(
            self._listing,
            reader=line_reader(None if bounds is None else "created_at"),
            bounds=None if bounds is None else Range(bounds.start, self._journal.state.end),
            make_plan=None if bounds is None else lambda: pending,
            finish=None,
        )

    async def _extend(self) -> None:
        """Tell the journal what this run is to export besides what earlier ones left."""
        state, bounds = self._journal.state, self._listing.bounds
        if bounds is None:
            if not state.spans:
                await self._journal.write(Span(None, None))
            return
        start = state.end or bounds.start
        if start == bounds.end:
            return
        end = await end_of_run(self._listing, bounds)
        if end > start or not state.spans:
            await self._journal.write(Span(start, end))
