"""Parts: the outlet of an export: gives each window a file, and tells the journal of those that are whole."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from typing import Any

import anyio
from anyio import CapacityLimiter

from kauneonga_async.exporting.destinations import Destination
from kauneonga_async.exporting.details import DetailedPart, FetchDetails
from kauneonga_async.exporting.entries import Ask, Dispelled, Done, Found, PartEntry, pack_ids
from kauneonga_async.exporting.formats import Format
from kauneonga_async.exporting.journal import Journal
from kauneonga_async.exporting.part import Part, part_name
from kauneonga_async.exporting.report import ExportReport
from kauneonga_async.exporting.state import State
from kauneonga_async.streams import Account, AskAgain, AuditState, Doubt, IdSet, Outlet, Sink, Work
from kauneonga_async.threads import carry_out
from kauneonga_async.windows import Window

__all__ = ["Parts", "owner_of"]


class Parts(Outlet[bytes]):
    """Writes what a run reads.

    Args:
        destination: Where files go.
        form: What they are written as.
        journal: Is told of those that are whole.
        numbers: The numbers of what an earlier run left to be asked again.
        fetch_details: Fetches whole messages by their ids; None where the listed ones will do.
        report: Counts what was done.
        progress: Is called with the report after each write.
    """

    def __init__(
        self,
        destination: Destination,
        form: Format,
        journal: Journal[State],
        numbers: Mapping[AskAgain | Doubt, int],
        fetch_details: FetchDetails | None,
        report: ExportReport,
        progress: Callable[[ExportReport], None] | None,
    ) -> None:
        self._destination = destination
        self._form = form
        self._encoding = CapacityLimiter(form.at_once) if form.at_once else None
        self._journal = journal
        self._numbers = dict(numbers)
        self._last_number = journal.state.last_number
        self._fetch_details = fetch_details
        self._report = report
        self._progress = progress
        self._began = time.monotonic() - report.seconds
        self._open: dict[Work[bytes], Part | DetailedPart] = {}
        self._finished: dict[Work[bytes], PartEntry | None] = {}
        self._failed: set[Work[bytes]] = set()
        self._packing = anyio.Lock()
        state = journal.state
        self._reusable = {entry.window: entry.names[0] for entry in state.replaced if entry.names}
        self._names = {part.name for part in state.parts}.union(*(entry.names for entry in state.replaced))

    def sink(self, work: Work[bytes]) -> Sink[bytes]:
        """Return a window's file."""
        began = None if work.is_again else partial(self._take_back, work)
        part = Part(self._destination.create, self._name(work), self._form, began, self._wrote, self._encoding)
        detailed = None if self._fetch_details is None else DetailedPart(part, self._fetch_details, began)
        self._open[work] = detailed or part
        return self._open[work]

    def seen_by(self, whole: Work[bytes]) -> IdSet:
        """Return what stands in files: what was written of a window that is cut in two is thrown away."""
        # All that ask for a window again share its ids, whoever comes first.
        return whole.sieve.seen if whole.is_finished or whole.is_again else IdSet()

    async def finished(self, work: Work[bytes]) -> bool:
        """Let the file appear; one for what a window was found to lack, only if there is something."""
        part = self._open[work]
        if work.is_again and not part.records:
            await part.discard()
            self._finished[work] = None
        else:
            try:
                self._finished[work] = await part.commit()
            except OSError as error:
                # What an fsync could not write is lost to it: a second one would say that all is well.
                if error.errno != errno.EIO or work in self._failed or work.is_again:
                    raise
                self._failed.add(work)
                await part.discard()
                await carry_out(partial(self._withdraw, part.name))
                self._take_back(work)
                return False
        del self._open[work]
        return True

    async def accounted(self, work: Work[bytes], account: Account, state: AuditState) -> None:
        """Tell the journal, and let go what the file has taken the place of."""
        part = self._finished.pop(work)
        asks = tuple(self._ask(step) for step in account.steps)
        known = AuditState(state.largest, state.cap, state.is_borne_out)
        # Sorting 100,000 ids would hold the loop up. One after the other, for the journal keeps the order of the calls.
        async with self._packing:
            expected = await carry_out(partial(pack_ids, account.expected))
        entry = Done(
            window=work.window,
            part=part,
            total=work.sieve.total,
            expected=expected,
            asks=asks,
            state=known,
            number=self._numbers[work.again] if work.again else None,
            owner=owner_of(work) if work.again else None,
        )
        await self._journal.write(entry)
        obsolete = self._journal.state.obsolete()
        if obsolete:
            await carry_out(partial(self._destination.remove, obsolete))
        if part is not None:
            self._report.parts += 1
            self._report.without_details += part.without_details
        self.tell()

    async def dispelled(self, doubt: Doubt) -> None:
        """Tell the journal."""
        await self._journal.write(Dispelled(self._numbers[doubt]))

    async def split(self, work: Work[bytes]) -> None:
        """Throw away what was written of a window: its halves will have files of their own.

        What was found to be missing of a window stays found.
        """
        if work not in self._open:
            return
        if work.is_again:
            await self.finished(work)
            part = self._finished.pop(work)
            if part is not None:
                await self._journal.write(Found(part, owner_of(work)))
                self._report.parts += 1
            return
        await self._open[work].discard()
        self._take_back(work)
        del self._open[work]

    def close(self) -> None:
        """Nothing is to be done."""

    async def discard_unfinished(self) -> None:
        """Remove what was written of windows that did not come to their end."""
        for work in self._open:
            self._take_back(work)
        # All at once, whatever becomes of one, and of the task that waits for it.
        with_all = ExitStack()
        for part in self._open.values():
            with_all.callback(part.remove)
        await carry_out(with_all.close)

    def tell(self) -> None:
        """Tell how far it is."""
        self._report.seconds = time.monotonic() - self._began
        if self._progress is not None:
            self._progress(self._report)

    def _name(self, work: Work[bytes]) -> str:
        if work.again is None and work.window in self._reusable:
            name = self._reusable.pop(work.window)
            if name.endswith(self._form.ending):
                return name
        number = 1
        while (
            name := part_name(work.window, self._journal.state.begun.kind, self._form.ending, number)
        ) in self._names:
            number += 1
        self._names.add(name)
        return name

    def _ask(self, step: AskAgain | Doubt) -> Ask:
        self._last_number += 1
        self._numbers[step] = self._last_number
        owner = owner_of(step.work)
        if isinstance(step, AskAgain):
            return Ask(self._last_number, owner, step.windows, step.missing, step.is_probe, step.suspected)
        window = step.work.window
        assert window is not None
        return Ask(self._last_number, owner, (window,), step.missing)

    def _withdraw(self, name: str) -> None:
        """Remove a file that may have appeared: what could not be flushed may have been its folder. Blocking."""
        # What it has taken the place of is known, and goes once its window is there.
        if not any(name in entry.names for entry in self._journal.state.replaced):
            self._destination.remove([name])
            self._names.discard(name)

    def _take_back(self, work: Work[bytes]) -> None:
        self._report.bytes_written -= self._open[work].size
        work.sieve.take_back()

    def _wrote(self, count: int) -> None:
        self._report.bytes_written += count
        self.tell()


def owner_of(work: Work[Any]) -> datetime:
    """Return the start of the window of the plan that a work is about."""
    while work.again is not None:
        work = work.again.work
    window: Window | None = work.window
    assert window is not None
    return window.start
