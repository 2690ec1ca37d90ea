"""Audit: whether the windows that were read have delivered all they should; if not, what is to be asked again. Pure.

Three things give a list away that was not whole: what another window saw in its padding and this one did not
deliver; the look of a list that was cut off; and, where a calendar is stated, a last day that holds nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from kauneonga_async.calendars import DAY, ServerCalendar
from kauneonga_async.errors import CalendarMismatch, IncompleteResult
from kauneonga_async.streams.limits import looks_cut
from kauneonga_async.streams.overlap import Lack, Missing, Overlap
from kauneonga_async.streams.report import StreamReport
from kauneonga_async.streams.sieve import not_inclusive
from kauneonga_async.streams.work import AskAgain, Doubt, Work
from kauneonga_async.windows import Range, Window

__all__ = ["Account", "Audit", "AuditState", "Past"]


class AuditState(msgspec.Struct):
    """What an audit knows besides the windows themselves.

    Attributes:
        largest: Records in the largest answer.
        cap: At how many records lists are cut off, once that is proven.
        is_borne_out: Whether a stated ``to_date_inclusive=True`` was.
    """

    largest: int = 0
    cap: int | None = None
    is_borne_out: bool = False


class Account(NamedTuple):
    """What came of taking account of a window.

    Attributes:
        steps: What is to be done.
        expected: What it saw of windows that are still to be read, by the ordinal of the day.
    """

    steps: list[AskAgain | Doubt]
    expected: Mapping[int, Sequence[int]]


class Past(msgspec.Struct):
    """What an earlier run over the same windows left to know.

    Attributes:
        state: What its audit knew.
        delivered: Windows that it read, and that those still to be read can see.
        tied: Windows of several days that had as many records as the largest answer.
        expected: What was seen of windows that are still to be read.
        again: What is still to be asked again.
    """

    state: AuditState
    delivered: list[Work[Any]] = []
    tied: list[Work[Any]] = []
    expected: dict[int, list[int]] = {}
    again: list[AskAgain] = []


class Audit:
    """Watches over the windows of one run.

    Args:
        bounds: The range of all windows.
        calendar: What is known, or stated, of the server's dates.
        report: Is told what was learnt.
    """

    def __init__(self, bounds: Range, calendar: ServerCalendar, report: StreamReport) -> None:
        self._calendar = calendar
        self._report = report
        # A field that moves says nothing of where a record must be.
        self._overlap: Overlap[Work[Any]] | None = None
        if calendar.date_field == "created_at":
            self._overlap = Overlap(bounds, calendar)
        self._states_inclusive = calendar.is_known and calendar.to_date_inclusive is True
        self.state: AuditState = AuditState()
        self._at_largest: list[Work[Any]] = []  # windows of several days whose answers had as many records as any

    def recall(self, past: Past) -> None:
        """Go on from where an earlier run left off."""
        self.state = past.state
        self._at_largest = past.tied
        if self._overlap is None:
            return
        for work in past.delivered:
            if work.window is not None:
                self._overlap.deliver(work.window, work, work.sieve.seen, {}, {})
        for ask in past.again:
            for window in ask.windows:
                self._overlap.reopen(window, ask.missing)
        self._overlap.expect(past.expected)

    def account(self, work: Work[Any], now: datetime) -> Account:
        """Take account of a window that was read to its end.

        Raises:
            CalendarMismatch: ``to_date`` does not include its day, though the calendar says that it does.
        """
        window, sieve = work.window, work.sieve
        if window is None:
            return Account([], {})
        if sieve.earliest is not None and sieve.latest is not None:
            self._report.calendar.learn(window, sieve.earliest, sieve.latest)
        steps: list[AskAgain | Doubt] = []
        if self._states_inclusive and not self.state.is_borne_out:
            steps += self._check_inclusive(work, window, now)
        if self._overlap is None:
            return Account(steps, {})
        self._note_total(work, window, sieve.total)
        sightings, times = (sieve.sightings.by_day, sieve.sightings.times) if sieve.sightings else ({}, {})
        sieve.sightings = None
        lacks, expected = self._overlap.deliver(window, work, sieve.seen, sightings, times)
        doubts, lacking = _suspects(lacks)
        if work.again and work.again.suspected and sieve.handed_out:
            steps += self._prove_cap(work.again.suspected)
        if work not in lacking and window.days > 1 and self._looks_cut(work, window, now):
            steps += self._ask_again(work, window, [])
        steps += doubts
        for owner, missing in lacking.items():
            if owner.window is not None:
                steps += self._ask_again(owner, owner.window, sorted(missing))
        return Account(steps, expected)

    def forget_before(self, first_unfinished: Window) -> None:
        """Tell that all windows before one are done."""
        if self._overlap is not None:
            self._overlap.forget_before(first_unfinished.first)

    def refuse(self, doubt: Doubt) -> IncompleteResult | CalendarMismatch:
        """Return the error that a day deserves which holds records and does not list them."""
        window, ids = doubt.work.window, sorted(record.record_id for record in doubt.missing)
        some = ", ".join(map(str, ids[:5]))
        if doubt.work.sieve.total >= self.state.largest:
            return IncompleteResult(
                f"the list of {window} lacks records that the server holds (ids {some}), and a single day cannot be "
                f"cut in two: the server seems to cut its lists off at {doubt.work.sieve.total} records",
                missing_ids=tuple(ids),
            )
        return CalendarMismatch(
            f"the list of {window} lacks records of that day that the server holds (ids {some}): it seems to filter on "
            f"another field than {self._calendar.date_field}, or its days are not those of {self._calendar!r}"
        )

    def _ask_again(self, work: Work[Any], window: Window, missing: list[Missing]) -> list[AskAgain | Doubt]:
        """Ask again for a window that lacks records, or, without evidence, seems to."""
        assert self._overlap is not None
        halves = window.halves(self._calendar)
        self._overlap.reopen(window, missing)
        self._report.splits += halves is not None
        if missing and work.sieve.total >= self.state.largest:
            return [AskAgain(work, halves or (window,), tuple(missing)), *self._prove_cap(work.sieve.total)]
        return [AskAgain(work, halves or (window,), tuple(missing), suspected=0 if missing else work.sieve.total)]

    def _note_total(self, work: Work[Any], window: Window, total: int) -> None:
        if total > self.state.largest:
            self.state.largest, self._at_largest = total, []
            self.state.cap = None  # if there was one, it was none
        if total == self.state.largest and window.days > 1:
            self._at_largest.append(work)

    def _looks_cut(self, work: Work[Any], window: Window, now: datetime) -> bool:
        total = work.sieve.total
        if self.state.cap is not None:
            return total >= self.state.cap
        return total == self.state.largest and looks_cut(
            total,
            len(self._at_largest),
            is_overlapped=self._calendar.days_before > 0,
            ends_early=self._ends_early(work, window, now),
        )

    def _ends_early(self, work: Work[Any], window: Window, now: datetime) -> bool:
        """Tell whether an answer's records begin a day or more late, or end a day or more early."""
        if work.sieve.earliest is None or work.sieve.latest is None:
            return False
        # Before the window there may be nothing, for an account begins somewhere; it goes on until now.
        end = min(now, self._calendar.start_of(window.ask_to))
        return work.sieve.earliest - window.start >= DAY or end - work.sieve.latest >= DAY

    def _prove_cap(self, total: int) -> list[AskAgain | Doubt]:
        """Take answers of so many records for cut off: one of them lacked some. Those read before are asked again."""
        if self.state.cap is not None or not total or total < self.state.largest:
            return []
        self.state.cap = total
        others, self._at_largest = self._at_largest, []
        steps: list[AskAgain | Doubt] = []
        for other in others:
            if other.window is not None:
                steps += self._ask_again(other, other.window, [])
        return steps

    def _check_inclusive(self, work: Work[Any], window: Window, now: datetime) -> list[AskAgain | Doubt]:
        """Make sure of a stated ``to_date_inclusive=True`` until a record proves it: there is no padding to do so."""
        sieve = work.sieve
        is_probe = work.again is not None and work.again.is_probe
        if (
            sieve.earliest is not None
            and sieve.latest is not None
            and self._calendar.is_borne_out(window.ask_from, window.ask_to, sieve.earliest, sieve.latest)
        ):
            self.state.is_borne_out = True
        elif is_probe and window.ask_to == window.last:
            raise not_inclusive(window.last)
        elif is_probe and work.sieve.handed_out:
            # Records may have been created since the day was asked for: once more, just as then.
            return [AskAgain(work, (window.last_day(self._calendar, 0),), is_probe=True)]
        elif not is_probe and self._calendar.start_of(window.ask_to) <= now:
            behind = 1 + (window.ask_to - window.last).days
            return [AskAgain(work, (window.last_day(self._calendar, behind),), is_probe=True)]
        return []


def _suspects(lacks: Iterable[Lack[Work[Any]]]) -> tuple[list[Doubt], dict[Work[Any], set[Missing]]]:
    """Return what is in doubt, and which windows to ask again, each for what.

    Of several windows that share a day, one is asked after the other, the likeliest first. What is lacking still, once
    each was asked for that day alone, is in doubt.
    """
    doubts: list[Doubt] = []
    lacking: defaultdict[Work[Any], set[Missing]] = defaultdict(set)
    for missing, owners in lacks:
        sought = [(owner, _sought(owner)) for owner in reversed(owners)]
        in_doubt: list[Missing] = []
        for record in sorted(missing):
            owner = next((owner for owner, known in sought if record not in known), None)
            if owner is None:
                in_doubt.append(record)
            else:
                lacking[owner].add(record)
        if in_doubt:
            doubts.append(Doubt(owners[-1], tuple(in_doubt)))
    return doubts, lacking


def _sought(work: Work[Any]) -> frozenset[Missing]:
    """Return what a single day was asked again for already."""
    is_single = work.window is not None and work.window.days == 1
    return frozenset(work.again.missing) if work.again is not None and is_single else frozenset()
