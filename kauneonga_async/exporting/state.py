"""State: what a journal's entries come to: what is there, what is still to be done, what is to go. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import chain, pairwise

import msgspec

from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.exporting.cover import Cover
from kauneonga_async.exporting.entries import (
    Ask,
    Begun,
    Dispelled,
    Done,
    Entry,
    Found,
    Known,
    PartEntry,
    Replaced,
    Span,
    unpack_ids,
)
from kauneonga_async.exporting.lines import read_lines, unknown_journal
from kauneonga_async.exporting.whole import Whole
from kauneonga_async.streams import AuditState
from kauneonga_async.windows import Plan, Range, Window, between

__all__ = ["State", "read_state"]

_DECODER = msgspec.json.Decoder(Entry)


class State:
    """An export as its journal tells it.

    Args:
        entries: The journal's entries, of which the first is a Begun.

    Attributes:
        begun: What was asked for.
        spans: What its runs were to export.
        wholes: The windows of the plan that are there, by their start.
        replaced: Windows that are to be exported anew.
        audit: What the audit knew last.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.spans: list[Span] = []
        self.wholes: dict[datetime | None, Whole] = {}
        self.replaced: list[Replaced] = []
        self.audit: AuditState | None = None
        self._dispelled: set[int] = set()
        rest = iter(entries)
        first = next(rest)
        assert isinstance(first, Begun)
        self.begun = first
        for entry in rest:
            self.add(entry)

    def add(self, entry: Entry) -> None:
        """Take the next entry."""
        match entry:
            case Span():
                self.spans.append(entry)
            case Done(number=None):
                self.wholes[entry.window.start if entry.window is not None else None] = Whole(entry)
            case Done() | Found():
                self.wholes[entry.owner].later.append(entry)
            case Replaced():
                self.replaced.append(entry)
            case Dispelled():
                self._dispelled.add(entry.number)
        if isinstance(entry, (Done, Known)) and entry.state is not None:
            self.audit = entry.state

    def take(self, entry: Entry) -> None:
        """Take an entry that is being written: what it saw of others is for a later run, which reads it anew."""
        self.add(msgspec.structs.replace(entry, expected={}) if isinstance(entry, Done) else entry)

    @property
    def parts(self) -> Iterator[PartEntry]:
        """The files that are whole and stay."""
        return chain.from_iterable(whole.parts for whole in self.wholes.values())

    @property
    def end(self) -> datetime | None:
        """The instant before which records were created that its spans are to export."""
        return self.spans[-1].end if self.spans else None

    @property
    def last_number(self) -> int:
        """The highest number of an ask, or of an answer to one that is told of no more."""
        dones = list(chain.from_iterable(whole.dones for whole in self.wholes.values()))
        asks = (ask.number for done in dones for ask in done.asks)
        return max((*asks, *(done.number or 0 for done in dones)), default=0)

    def pending_windows(self, calendar: ServerCalendar) -> list[Window]:
        """Return the windows still to be exported, cut where the plan was, and where what was there before was."""
        present = [whole.done.window for whole in self.wholes.values() if whole.done.window is not None]
        cuts: set[datetime] = set()
        spans: list[Window] = []
        for span in self.spans:
            if span.start is None or span.end is None or self.begun.days is None or span.start >= span.end:
                continue
            spans.append(between(span.start, span.end, calendar))
            plan = Plan(Range(span.start, span.end), self.begun.days, calendar, calendar.day_of(span.start))
            cuts.update(window.start for window in plan)
        for window in (*spans, *present, *(entry.window for entry in self.replaced)):
            if window is not None and window.end is not None:
                cuts |= {window.start, window.end}
        covered, wanted = Cover(present), Cover(spans)
        return [
            between(start, end, calendar)
            for start, end in pairwise(sorted(cuts))
            if wanted.end_after(start) and not covered.end_after(start)
        ]

    def pending_asks(self) -> list[Ask]:
        """Return what is still to be asked again, less what was answered of it."""
        pending: list[Ask] = []
        for whole in self.wholes.values():
            for ask in chain.from_iterable(done.asks for done in whole.dones):
                if ask.number in self._dispelled:
                    continue
                answers = (done.window for done in self._answers(ask))
                cover = Cover(window for window in answers if window is not None)
                windows = tuple(window for window in ask.windows if not cover.holds(window))
                if windows:
                    pending.append(msgspec.structs.replace(ask, windows=windows))
        return pending

    def _answers(self, ask: Ask) -> Iterator[Done]:
        return (done for done in self.wholes[ask.owner].dones if done.number == ask.number)

    def is_complete(self, calendar: ServerCalendar) -> bool:
        """Tell whether nothing is left to be done."""
        if self.begun.days is None:
            return bool(self.wholes)
        return not self.pending_windows(calendar) and not self.pending_asks()

    def expected(self) -> dict[int, list[int]]:
        """Return the ids that were seen of days which are still to be read, or to be read again."""
        settled = self._settled_days()
        expected: dict[int, list[int]] = {}
        for done in chain.from_iterable(whole.dones for whole in self.wholes.values()):
            open_days = {day: ids for day, ids in done.expected.items() if day not in settled}
            for day, ids in unpack_ids(open_days).items():
                expected.setdefault(day, []).extend(ids)
        return expected

    def _settled_days(self) -> set[int]:
        """Return the days that are there from their beginning to their end, as far as the spans go."""
        present = [whole.done.window for whole in self.wholes.values() if whole.done.window is not None]
        settled = set(chain.from_iterable(map(_days, present)))
        for window in chain.from_iterable(ask.windows for ask in self.pending_asks()):
            settled.difference_update(_days(window))
        # Where windows end and none follows, as where one begins and none goes before, the day may go on.
        edges = Cover(present).edges
        if self.spans:
            edges -= {self.spans[0].start, self.end}
        for window in present:
            if window.start in edges:
                settled.discard(window.first.toordinal())
            if window.end in edges:
                settled.discard(window.last.toordinal())
        return settled

    def drop(self, is_unsound: Callable[[Whole], bool]) -> None:
        """Set windows aside that are to be exported anew."""
        dropped = {start: whole for start, whole in self.wholes.items() if is_unsound(whole)}
        for start, whole in dropped.items():
            del self.wholes[start]
            self.replaced.append(Replaced(whole.done.window, tuple(part.name for part in whole.parts)))
        for whole in self.wholes.values() if dropped else ():
            whole.forget_asks(dropped)

    def obsolete(self) -> list[str]:
        """Return the files whose records stand in others by now, and forget them."""
        if not self.replaced:
            return []
        present = {part.name for part in self.parts}
        covered = Cover(whole.done.window for whole in self.wholes.values() if whole.done.window is not None)
        gone: list[str] = []
        kept: list[Replaced] = []
        for entry in self.replaced:
            is_there = None in self.wholes if entry.window is None else covered.holds(entry.window)
            if is_there:
                gone += [name for name in entry.names if name not in present]
            else:
                kept.append(entry)
        self.replaced = kept
        return gone

    def entries(self) -> list[Entry]:
        """Return the entries that come to this state, and no more than are needed."""
        pending = {ask.number for ask in self.pending_asks()}
        expected = self.expected()
        entries: list[Entry] = [self.begun, *self.spans, *self.replaced]
        for entry in chain.from_iterable((whole.done, *whole.later) for whole in self.wholes.values()):
            if isinstance(entry, Found):
                entries.append(entry)
                continue
            short = self._shortened(entry, pending, expected)
            may_be_cut = self.audit is not None and short.may_be_cut(self.audit)
            is_needed = short.number in pending or short.part or short.asks or short.expected or may_be_cut
            if short.number is None or is_needed:
                entries.append(short)
        if self.audit is not None:
            entries.append(Known(self.audit))
        return entries

    def _shortened(self, done: Done, pending: set[int], expected: dict[int, list[int]]) -> Done:
        return msgspec.structs.replace(
            done,
            expected={day: ids for day, ids in done.expected.items() if day in expected},
            asks=tuple(ask for ask in done.asks if ask.number in pending),
            state=None,
        )


def read_state(lines: Iterable[bytes], place: str) -> State | None:
    """Return what a journal's lines come to, or None if they tell of no export; see ``lines.read_lines``."""
    entries = read_lines(lines, _DECODER, place)
    if not entries:
        return None
    if not isinstance(entries[0], Begun):
        raise unknown_journal(place)
    try:
        return State(entries)
    except KeyError:  # the start of a window that no line tells of
        raise unknown_journal(place) from None


def _days(window: Window | None) -> range:
    return range(window.first.toordinal(), window.last.toordinal() + 1) if window is not None else range(0)
