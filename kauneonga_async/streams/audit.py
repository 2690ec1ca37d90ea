"""Audit: whether the windows that were read have delivered all they should; if not, what is to be asked again. Pure.

Three things give a list away that was not whole: what another window saw in its padding and this one did not
deliver; the look of a list that was cut off; and, where a calendar is stated, a last day that holds nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from kauneonga_async.calendars import DAY, ServerCalendar, shift_day
from kauneonga_async.errors import CalendarMismatch, IncompleteResult
from kauneonga_async.streams.overlap import Missing, Overlap
from kauneonga_async.streams.report import StreamReport
from kauneonga_async.streams.work import Work
from kauneonga_async.windows import Window

__all__ = ["AskAgain", "Audit", "Doubt"]

# Where programmers put a limit. A list of just so many records may have been cut there.
USUAL_CAPS: Final = frozenset({20, 25, 30, 50, 100, 150, 200, 250, 300, 500, 1000, 2000, 2500, 5000, 10_000})

# So many windows of several days with just as many records each, and none with more, are one look worth.
TELLTALE_TIES: Final = 3


class AskAgain(NamedTuple):
    """A window, or a part of one, that is to be asked for again.

    Attributes:
        work: What was asked for.
        windows: What to ask for now.
        must: Ids that the answers must hold.
        is_probe: Whether the answer must hold nothing that was not handed out before.
        suspected: How many records the answer had that is suspected of having been cut off there; else 0.
    """

    work: Work[Any]
    windows: tuple[Window, ...]
    must: frozenset[int] = frozenset()
    is_probe: bool = False
    suspected: int = 0


class Doubt(NamedTuple):
    """A single day that lacks the same records each time it is asked for.

    Attributes:
        work: The day.
        missing: What it lacks.
    """

    work: Work[Any]
    missing: list[int]


class Audit:
    """Watches over the windows of one run.

    Args:
        calendar: What is known, or stated, of the server's dates.
        report: Is told what was learnt.
    """

    def __init__(self, calendar: ServerCalendar, report: StreamReport) -> None:
        self._calendar = calendar
        self._report = report
        # A field that moves says nothing of where a record must be.
        self._overlap: Overlap[Work[Any]] | None = None
        if calendar.date_field == "created_at":
            self._overlap = Overlap()
        self._inclusive_proven = not (calendar.is_known and calendar.to_date_inclusive)
        self._largest = 0  # records in one answer
        self._at_largest: list[Work[Any]] = []  # windows of several days whose answers had as many
        self._cap: int | None = None  # at which lists are cut off, once that is proven
        self._questioned = 0  # the total that several windows had, and one of them was asked again for

    def account(self, work: Work[Any], now: datetime) -> list[AskAgain | Doubt]:
        """Take account of a window that was read to its end; return what is to be done about it.

        Raises:
            CalendarMismatch: ``to_date`` does not include its day, though the calendar says that it does.
        """
        window, sieve = work.window, work.sieve
        if window is None:
            return []
        if sieve.earliest is not None and sieve.latest is not None:
            self._report.calendar.learn(window, sieve.earliest, sieve.latest)
        steps: list[AskAgain | Doubt] = []
        if not self._inclusive_proven:
            steps += self._check_inclusive(work, window, now)
        if self._overlap is None:
            return steps
        self._note_total(work, window, sieve.total)
        seen_elsewhere = self._overlap.see(sieve.sightings) if sieve.sightings else []
        sieve.sightings = None
        if work.suspected and sieve.handed_out:
            steps += self._prove_cap(work.suspected)
        missing = self._overlap.deliver(window, work, sieve.seen)
        if missing or (window.days > 1 and self._looks_cut(work, window, now)):
            steps += self._missing_from(work, window, missing)
        for owner in dict.fromkeys(owner for owner, _ in seen_elsewhere):
            lost = [record for other, record in seen_elsewhere if other is owner]
            if owner.window is not None:
                steps += self._missing_from(owner, owner.window, lost)
        return steps

    def forget_before(self, first_unfinished: Window) -> None:
        """Tell that all windows before one are done."""
        if self._overlap is not None:
            self._overlap.forget_before(first_unfinished.first)

    def refuse(self, doubt: Doubt) -> IncompleteResult | CalendarMismatch:
        """Return the error that a day deserves which holds records and does not list them."""
        window, ids = doubt.work.window, doubt.missing
        some = ", ".join(map(str, ids[:5]))
        if doubt.work.sieve.total >= self._largest:
            return IncompleteResult(
                f"the list of {window} lacks records that the server holds (ids {some}), and a single day cannot be "
                f"cut in two: the server seems to cut its lists off at {doubt.work.sieve.total} records",
                missing_ids=tuple(ids),
            )
        return CalendarMismatch(
            f"the list of {window} lacks records of that day that the server holds (ids {some}): it seems to filter on "
            f"another field than {self._calendar.date_field}, or its days are not those of {self._calendar!r}"
        )

    def _missing_from(self, work: Work[Any], window: Window, missing: list[Missing]) -> list[AskAgain | Doubt]:
        """Decide what to do about a window that lacks records, or, without evidence, seems to."""
        assert self._overlap is not None
        ids = frozenset(record.record_id for record in missing)
        halves = window.halves(self._calendar)
        if halves is None and ids & work.must:
            return [Doubt(work, sorted(ids & work.must))]
        self._overlap.reopen(window, missing)
        self._report.splits += halves is not None
        if missing and work.sieve.total >= self._largest:
            return [AskAgain(work, halves or (window,), ids), *self._prove_cap(work.sieve.total)]
        return [AskAgain(work, halves or (window,), ids, suspected=0 if missing else work.sieve.total)]

    def _note_total(self, work: Work[Any], window: Window, total: int) -> None:
        if total > self._largest:
            self._largest, self._at_largest = total, []
            self._cap = None  # if there was one, it was none
        if total == self._largest and window.days > 1:
            self._at_largest.append(work)

    def _looks_cut(self, work: Work[Any], window: Window, now: datetime) -> bool:
        total = work.sieve.total
        if self._cap is not None:
            return total >= self._cap
        is_tie = total == self._largest and len(self._at_largest) >= TELLTALE_TIES
        if is_tie and total >= min(USUAL_CAPS) and total != self._questioned:
            self._questioned = total
            return True
        return total in USUAL_CAPS and _leaves_a_gap(work, window, now)

    def _prove_cap(self, total: int) -> list[AskAgain | Doubt]:
        """Take answers of so many records for cut off: one of them lacked some. Those read before are asked again."""
        if self._cap is not None or not total or total < self._largest:
            return []
        self._cap = total
        others, self._at_largest = self._at_largest, []
        steps: list[AskAgain | Doubt] = []
        for other in others:
            if other.window is not None:
                steps += self._missing_from(other, other.window, [])
        return steps

    def _check_inclusive(self, work: Work[Any], window: Window, now: datetime) -> list[AskAgain | Doubt]:
        """Make sure of a stated ``to_date_inclusive=True`` until a record proves it: there is no padding to do so."""
        last_day = self._calendar.start_of(window.ask_to)
        if work.is_probe and work.sieve.handed_out:
            raise CalendarMismatch(
                f"asked up to {window.last}, the server did not list that day's records: to_date is not inclusive, "
                "though the calendar says that it is; state to_date_inclusive=False"
            )
        if work.sieve.latest is not None and work.sieve.latest >= last_day:
            self._inclusive_proven = True
        elif not work.is_probe and last_day <= now:
            probe = msgspec.structs.replace(
                window,
                first=window.last,
                start=max(window.start, last_day),
                ask_from=window.last,
                ask_to=shift_day(window.ask_to, 1),
            )
            return [AskAgain(work, (probe,), is_probe=True)]
        return []


def _leaves_a_gap(work: Work[Any], window: Window, now: datetime) -> bool:
    """Tell whether an answer's records stop a day or more short of one of the ends of what the window owns."""
    if work.sieve.earliest is None or work.sieve.latest is None:
        return False
    end = now if window.end is None else min(now, window.end)
    return work.sieve.earliest - window.start >= DAY or end - work.sieve.latest >= DAY
