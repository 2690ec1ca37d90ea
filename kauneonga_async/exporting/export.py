"""Export: the messages of a range, to files, one a window."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
from anyio import CancelScope, to_thread

from kauneonga_async import windows
from kauneonga_async.client import KauneongaClient
from kauneonga_async.decoding import line_reader
from kauneonga_async.errors import ConfigurationError
from kauneonga_async.exporting.json_lines import ENDING, to_lines
from kauneonga_async.exporting.part import Part, part_name
from kauneonga_async.exporting.report import ExportReport
from kauneonga_async.files import sync_folder
from kauneonga_async.streams import IdSet, ListingRun, OnInvalid, Outlet, Sink, Work

__all__ = ["export_messages"]

KIND = "messages"


async def export_messages(
    client: KauneongaClient,
    destination: str | os.PathLike[str],
    from_date: date | None = None,
    to_date: date | None = None,
    *,
    window: timedelta | None = None,
    concurrency: int | None = None,
    on_invalid: OnInvalid = "raise",
    progress: Callable[[ExportReport], None] | None = None,
    timeout: float | None = None,
    max_retries: int | None = None,
    extra_headers: Mapping[str, str] | None = None,
) -> ExportReport:
    """Write the messages of a range to a folder as JSON Lines, one file a window, each record once.

    A record is the server's own bytes: fields that no model knows are kept. A file appears only when its window is
    whole, and is its owner's alone (0600).

    Args:
        client: The account.
        destination: The folder; it is made if it is not there.
        from_date: The first day, or an aware datetime; None, without ``to_date`` either, for one call for everything.
        to_date: The last day, included, or an aware datetime, not included; None for no end.
        window: How many days a file holds; None lets the range decide (7 to 31 days).
        concurrency: How many windows to ask for at once; None for as many as the client has requests in flight.
        on_invalid: What becomes of a record without a readable id or date: ``"raise"``, ``"skip"``, or a callable.
        progress: Is called with the report after each write; it must not block.
        timeout: Seconds to the next bytes.
        max_retries: Tries after the first, for each window.
        extra_headers: Headers besides the client's own.

    Raises:
        ConfigurationError: The folder holds messages of other windows, or the calendar's dates are of a field that
            moves: what is exported could come twice.
        KauneongaError: A window cannot be had. The files that are there are whole.
        OSError: A file cannot be written.
    """
    if client.calendar.date_field != "created_at":
        raise ConfigurationError(
            f"calendar: an export goes by created_at, which stays; {client.calendar.date_field} may move, and a record "
            "be in two files"
        )
    folder = Path(destination)
    report = ExportReport()
    listing = client.messages.listing(
        from_date,
        to_date,
        record_type=msgspec.Raw,
        window=window,
        concurrency=concurrency,
        ordered=False,
        on_invalid=on_invalid,
        timeout=timeout,
        max_retries=max_retries,
        extra_headers=extra_headers,
    )
    plan = None
    if listing.bounds is not None:
        plan = windows.plan(listing.bounds, client.calendar, window, datetime.now(UTC))
    planned = [None] if plan is None else list(plan)
    report.parts_planned = len(planned)
    names = {part_name(part, KIND, ENDING) for part in planned}
    await to_thread.run_sync(_prepare, folder, names)
    outlet = _Parts(folder, report, progress)
    run = ListingRun(
        msgspec.structs.replace(
            listing,
            reader=line_reader("created_at" if plan is not None else None),
            make_plan=None if plan is None else lambda: plan,
            finish=None,
        ),
        report.stream,
        outlet,
    )
    try:
        await run.supervise()
    finally:
        with CancelScope(shield=True):
            await outlet.discard_unfinished()
    if run.error is not None:
        # Without the frames of the run, whose locals hold records.
        raise run.error.with_traceback(None)
    await to_thread.run_sync(sync_folder, folder)
    outlet.tell()
    return report


def _prepare(folder: Path, names: set[str]) -> None:
    """Make the folder, and make sure that nothing in it would be read twice."""
    folder.mkdir(parents=True, exist_ok=True)
    others = [path.name for path in sorted(folder.glob(f"{KIND}*{ENDING}")) if path.name not in names]
    if others:
        raise ConfigurationError(
            f"destination: {folder} holds messages of other windows ({others[0]}, {len(others)} in all), which would "
            "be there twice; choose an empty folder"
        )


class _Parts(Outlet[bytes]):
    """Gives each window a file."""

    def __init__(self, folder: Path, report: ExportReport, progress: Callable[[ExportReport], None] | None) -> None:
        self._folder = folder
        self._report = report
        self._progress = progress
        self._began = time.monotonic()
        self._parts: dict[Work[bytes], Part] = {}
        self._names: set[str] = set()

    def sink(self, work: Work[bytes]) -> Sink[bytes]:
        """Return a window's file."""
        began = None if work.is_again else partial(self._take_back, work)
        part = self._parts[work] = Part(self._folder / self._name(work), to_lines, began, self._wrote)
        return part

    def seen_by(self, whole: Work[bytes]) -> IdSet:
        """Return what stands in files: what was written of a window that is cut in two is thrown away."""
        # All that ask for a window again share its ids, whoever comes first.
        return whole.sieve.seen if whole.is_finished or whole.is_again else IdSet()

    async def finished(self, work: Work[bytes]) -> None:
        """Let the file appear; one for what a window was found to lack, only if there is something."""
        part = self._parts[work]
        if work.is_again and part.is_empty:
            await part.discard()
        else:
            await part.commit()
            self._report.parts += 1
        del self._parts[work]
        self.tell()

    async def split(self, work: Work[bytes]) -> None:
        """Throw away what was written of a window: its halves will have files of their own.

        What was found to be missing of a window stays found.
        """
        if work not in self._parts:
            return
        if work.is_again:
            await self.finished(work)
            return
        self._take_back(work)
        await self._parts.pop(work).discard()

    def close(self) -> None:
        """Nothing is to be done."""

    async def discard_unfinished(self) -> None:
        """Remove what was written of windows that did not come to their end."""
        for part in self._parts.values():
            await part.discard()

    def tell(self) -> None:
        """Tell how far it is."""
        self._report.seconds = time.monotonic() - self._began
        if self._progress is not None:
            self._progress(self._report)

    def _name(self, work: Work[bytes]) -> str:
        number = 1
        while (name := part_name(work.window, KIND, ENDING, number)) in self._names:
            number += 1
        self._names.add(name)
        return name

    def _take_back(self, work: Work[bytes]) -> None:
        self._report.bytes_written -= self._parts[work].size
        work.sieve.take_back()

    def _wrote(self, count: int) -> None:
        self._report.bytes_written += count
        self.tell()
