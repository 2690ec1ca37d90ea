"""WatchRun: one iteration of a watch: polls, one after the other, and between them a wait, until it is ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

import msgspec

from kauneonga_async import config, windows
from kauneonga_async.decoding import InvalidRecord, RecordReader
from kauneonga_async.errors import KauneongaError
from kauneonga_async.streams import InvalidPolicy, Listing, OnInvalidFailed
from kauneonga_async.transport import logger
from kauneonga_async.watching.changes import Finding, MessageChange, in_order
from kauneonga_async.watching.clock import ServerClock
from kauneonga_async.watching.cursor import Cursor, Entry, Position
from kauneonga_async.watching.finder import ClockWasWrong, Finder
from kauneonga_async.watching.handover import Taker
from kauneonga_async.watching.horizon import horizon_of
from kauneonga_async.watching.pauses import after_failure, between_polls, will_pass
from kauneonga_async.watching.question import Answered, Question
from kauneonga_async.watching.report import WatchReport
from kauneonga_async.watching.tiers import LookBack, Turns
from kauneonga_async.windows import Range

__all__ = ["Terms", "WatchRun"]

T = TypeVar("T")

_SAVED_EVERY: Final = timedelta(minutes=5)  # so far behind may the position be that is kept, where nothing happens
_MOST_REMEMBERED: Final = 64


class Terms(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """What a watch was asked for.

    Attributes:
        listing: How to ask.
        reader: Reads the messages that are handed out.
        interval: Seconds between the beginnings of two polls, at the least.
        start: From when on what exists is handed out; None for none of it.
        look_back: How far back to look, and how often.
    """

    listing: Listing[bytes]
    reader: RecordReader[T]
    interval: float
    start: datetime | None
    look_back: LookBack


class WatchRun(Generic[T]):
    """Polls.

    Args:
        terms: What was asked for.
        cursor: Keeps what is known.
        report: Counts what was done.
        taker: Whom the changes go to.
        settle: Waits until watches that were let go of have let go of their cursors: this may be one of them.
        one_by_one: Whether each change is acknowledged by itself.

    Attributes:
        error: What ended the run, once that is told to the taker.
    """

    def __init__(
        self,
        terms: Terms[T],
        cursor: Cursor,
        report: WatchReport,
        taker: Taker[MessageChange[T]],
        settle: Callable[[], Awaitable[None]],
        *,
        one_by_one: bool,
    ) -> None:
        self.error: BaseException | None = None
        self._terms = terms
        self._cursor = cursor
        self._report = report
        self._taker = taker
        self._settle = settle
        self._one_by_one = one_by_one
        self._calendar = terms.listing.calendar
        self._invalid = InvalidPolicy(terms.listing.on_invalid, report)
        self._clock = ServerClock()
        self._horizon = horizon_of(self._calendar, terms.look_back)
        tiers = terms.look_back.tiers
        self._turns = [Turns(tier, terms.interval) for tier in tiers]
        self._finder = Finder(
            Question(terms.listing, cursor, report),
            self._calendar,
            self._clock,
            min(_MOST_REMEMBERED, 4 + sum(tier.slots for tier in tiers)),
        )
        self._position: Position | None = None
        self._saved: Position | None = None

    async def supervise(self) -> None:
        """Run until cancelled, or ended by an error. To be a task of its own."""
        try:
            await self._settle()
            self._position = self._saved = await self._cursor.open()
            try:
                await self._watch()
            finally:
                await self._cursor.close()
        except OnInvalidFailed as failed:
            self.error = self.error or failed.error
        except Exception as error:  # noqa: BLE001 - handed to the consumer, whatever it is
            self.error = self.error or error
        finally:
            self._taker.close()

    async def _watch(self) -> None:
        loop, interval = asyncio.get_running_loop(), self._terms.interval
        path, failures = self._terms.listing.path, 0
        while True:
            began = loop.time()
            try:
                await self._poll()
            except ClockWasWrong:
                continue
            except KauneongaError as error:
                if not will_pass(error, was_reached=self._finder.was_reached):
                    raise
                failures += 1
                self._report.failures += 1
                self._report.last_error = type(error).__name__
                wait = after_failure(error, failures, interval)
                if failures.bit_count() == 1:  # the 1st, 2nd, 4th, 8th ...
                    logger.warning("%s: polls failed: %d; the next is in %.3g s: %s", path, failures, wait, error)
            else:
                if failures:
                    logger.warning("%s: is watched again; polls failed: %d", path, failures)
                failures = 0
                self._report.polls += 1
                wait = began + between_polls(interval) - loop.time()
            await asyncio.sleep(max(0.0, wait))

    async def _poll(self) -> None:
        """Look at the near past, from where all was known, and at what has its turn further back."""
        ours = self._clock.ours()
        now = self._clock.theirs(ours)
        position, reach = self._position, self._horizon.reach(now)
        if position is None or reach < position.covered_from:
            position = await self._begin(reach, ours)
            if position is None:
                return
        plan = self._horizon.windows(position, now)
        for window in plan:
            answers = await self._finder.find(window)
            now = min(now, self._clock.theirs(ours))  # by the answer's date: our clock may be fast
            await self._deal_with(answers)
            until = now if window.end is None else min(window.end, now)
            position = self._position = self._horizon.advanced(position, until, now, ours)
            self._report.complete_until = position.complete_until
            if len(plan) > 1 or self._is_behind(position):
                await self._save((), position)
        for turns in self._turns:
            for first, last in turns.take(now, self._calendar.day_of(now)):
                days = self._calendar.start_of(first), self._calendar.end_of(last)
                if (further := self._horizon.turn(days, position)) is not None:
                    await self._deal_with(await self._finder.find(further))

    async def _begin(self, reach: datetime, ours: datetime) -> Position | None:
        """Make sure that all is known, as far back as is looked.

        Args:
            reach: How far that is.
            ours: The present, by our own clock.

        Returns:
            How far the watch has come; None if all that there is was just looked at.
        """
        position, now = self._position, self._clock.theirs(ours)
        if position is None and self._terms.start is None:
            # By either clock, as when it comes to forgetting: the server's may be ahead, and be put right.
            # Not without end: what is off may be ours, by as much as the years since 1970.
            lead = min(max(now - ours, timedelta()), config.LONGEST_LEAD)
            reach = self._horizon.reach(now - lead)
            await self._take_base_line(Range(reach, None), Position(reach, now), ours)
            return None
        if position is None:
            start = min(self._terms.start or now, now)
            position = await self._save((), Position(start, start))
        if reach < position.covered_from:
            bounds = Range(reach, position.covered_from)
            return await self._take_base_line(bounds, msgspec.structs.replace(position, covered_from=reach), ours)
        return position

    async def _take_base_line(self, bounds: Range, position: Position, ours: datetime) -> Position:
        """Take what exists for known, all of it or nothing."""
        entries: dict[int, Entry] = {}
        for window in windows.plan(bounds, self._calendar, None, self._clock.now()):
            for answer in await self._finder.find(window):
                entries.update((found.id, _entry(found)) for found in answer.findings.values())
        until = min(position.complete_until, self._clock.theirs(ours))
        saved = await self._save(list(entries.values()), Position(position.covered_from, until))
        self._finder.acknowledge()  # the last window's answer: those before may be asked for once more
        return saved

    async def _deal_with(self, answers: Sequence[Answered]) -> None:
        """Hand out what answers hold that is new or changed; it is known from then on."""
        findings: dict[int, Finding] = {}
        unreadable: list[InvalidRecord] = []
        for answer in answers:
            findings.update(answer.findings)
            unreadable += answer.invalid
        if findings or unreadable:
            await self._hand_out(in_order(findings.values()), unreadable)
        self._finder.acknowledge()

    async def _hand_out(self, findings: Sequence[Finding], unreadable: Sequence[InvalidRecord]) -> None:
        """Hand changes to the consumer; those that do not fit their type come last, and keep back no other."""
        fitting: list[tuple[MessageChange[T], Entry]] = []
        unfit: list[tuple[InvalidRecord, Entry]] = []
        for found in findings:
            batch = self._terms.reader.read_one(found.raw)
            if batch.invalid:
                unfit.append((batch.invalid[0], _entry(found)))
            else:
                fitting.append((_change(found, batch.records[0]), _entry(found)))
        size = 1 if self._one_by_one else max(1, len(fitting))
        for place in range(0, len(fitting), size):
            changes, entries = zip(*fitting[place : place + size], strict=True)
            await self._taker.give(changes)
            await self._cursor.save(entries)
            created = sum(change.kind == "created" for change in changes)
            self._report.created += created
            self._report.updated += len(changes) - created
        for record, entry in unfit:
            self._invalid.meet(record)
            await self._cursor.save([entry])
        for record in unreadable:
            self._invalid.meet(record)

    def _is_behind(self, position: Position) -> bool:
        """Tell whether the position that is kept should be brought up to this one: it may lag, but not be ahead."""
        saved = self._saved
        return (
            saved is None
            or position.covered_from != saved.covered_from
            or position.complete_until < saved.complete_until  # the server's clock was put right
            or position.complete_until - saved.complete_until >= _SAVED_EVERY
        )

    async def _save(self, entries: Sequence[Entry], position: Position) -> Position:
        await self._cursor.save(entries, position)
        self._position = self._saved = position
        return position


def _entry(found: Finding) -> Entry:
    return Entry(found.id, found.digest, found.day)


def _change(found: Finding, message: T) -> MessageChange[T]:
    return MessageChange(
        kind="created" if found.previous is None else "updated",
        id=found.id,
        message=message,
        digest=found.digest.hex(),
        previous_digest=None if found.previous is None else found.previous.hex(),
    )
