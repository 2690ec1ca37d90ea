"""Sieve: what of a window's answer is handed out: its own records, each once. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from hashlib import blake2b
from itertools import compress
from typing import Any, Final, Generic, Literal, Protocol, TypeVar

from kauneonga_async import config
from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.decoding import Batch, InvalidRecord
from kauneonga_async.errors import CalendarMismatch, KauneongaError
from kauneonga_async.streams.ids import IdSet
from kauneonga_async.streams.report import StreamReport
from kauneonga_async.streams.sightings import Sightings
from kauneonga_async.windows import Range, Window

__all__ = [
    "RAISING",
    "InvalidPolicy",
    "OnInvalid",
    "OnInvalidFailed",
    "Sieve",
    "check_on_invalid",
    "check_reach",
    "not_inclusive",
]

T = TypeVar("T")

OnInvalid = Literal["raise", "skip"] | Callable[[InvalidRecord], Any]


class _Counter(Protocol):
    invalid: int


class OnInvalidFailed(Exception):
    """Carries what a callable raised to the end of its stream: on the way it would be taken for the server's doing."""

    def __init__(self, error: KauneongaError) -> None:
        super().__init__()
        self.error = error


class InvalidPolicy:
    """What becomes of records that do not fit their type, each told of once in a stream.

    Args:
        on_invalid: ``"raise"``, ``"skip"``, or a callable that is handed each.
        report: Counts them.
    """

    def __init__(self, on_invalid: OnInvalid, report: _Counter) -> None:
        self._on_invalid = on_invalid
        self._report = report
        self._known: set[int | bytes] = set()

    def meet(self, record: InvalidRecord) -> None:
        """Deal with one.

        Raises:
            DecodeError: The policy is to raise.
            OnInvalidFailed: The callable has raised an error that is one of ours.
        """
        identity = record.id or blake2b(record.raw, digest_size=16).digest()
        if identity in self._known:
            return
        if self._on_invalid == "raise":
            raise record.error
        self._known.add(identity)
        self._report.invalid += 1
        if not callable(self._on_invalid):
            return
        try:
            self._on_invalid(record)
        except KauneongaError as error:
            if error is record.error:
                raise  # as the policy to raise does
            raise OnInvalidFailed(error) from None


RAISING: Final = InvalidPolicy("raise", StreamReport())  # it counts nothing, so that all can share it


def check_on_invalid(on_invalid: OnInvalid) -> OnInvalid:
    """Return the policy if there is such a one.

    Raises:
        TypeError: It is neither a string nor a callable, or one that would have to be awaited.
        ValueError: It is another string.
    """
    if isinstance(on_invalid, str):
        if on_invalid not in ("raise", "skip"):
            raise ValueError(f"on_invalid: 'raise', 'skip' or a callable is needed, not {on_invalid!r}")
    else:
        config.check_callback("on_invalid", on_invalid)
    return on_invalid


def check_reach(calendar: ServerCalendar, window: Window, earliest: datetime, latest: datetime) -> None:
    """Make sure that an answer holds no record that it cannot.

    Raises:
        CalendarMismatch: A record's date lies where none of this answer's can.
    """
    first, end = calendar.reach(window.ask_from, window.ask_to)
    if first <= earliest and latest < end:
        return
    outside = earliest if earliest < first else latest
    raise CalendarMismatch(
        f"asked for {window.ask_from} to {window.ask_to}, the server listed a record whose "
        f"{calendar.date_field} is {outside.isoformat()}, which no day of those can be under "
        f"{calendar!r}. It filters on another field, or not at all, or in another time zone than "
        "stated: state another calendar, or list without dates"
    )


def not_inclusive(day: date) -> CalendarMismatch:
    """Return the error that a stated ``to_date_inclusive=True`` deserves where the server lists nothing of that day."""
    return CalendarMismatch(
        f"asked up to {day}, the server did not list that day's records: to_date is not inclusive, though the calendar "
        "says that it is; state to_date_inclusive=False"
    )


class Sieve(Generic[T]):
    """Sifts the answers for one window, over all tries.

    Args:
        window: The window, or None where a listing has no dates.
        bounds: The range of the stream, likewise.
        calendar: Whose days the window's are.
        seen: Ids handed out so far; the sieve adds to them.
        invalid: What becomes of records that do not fit.
        report: Counts what was done.

    Attributes:
        seen: Ids handed out.
        handed_out: Records handed out, over all answers.
        sightings: What the present answer held of other windows.
        total: Records in the present answer.
        listed: The id of one of them, or None.
        earliest: The first date in the present answer.
        latest: The last date in the present answer.
    """

    def __init__(
        self,
        window: Window | None,
        bounds: Range | None,
        calendar: ServerCalendar,
        seen: IdSet,
        invalid: InvalidPolicy,
        report: StreamReport,
    ) -> None:
        self.window = window
        self.seen: IdSet = seen
        self._bounds = bounds
        self.handed_out: int = 0
        self._calendar = calendar
        self._invalid = invalid
        self._report = report
        self.restart()

    def restart(self) -> None:
        """Begin with a new answer: what was handed out stays so."""
        self.sightings: Sightings | None = None
        if self._bounds is not None and self.window is not None:
            # Who shares a day sees the others that do; for all others to keep them, too, is not worth the memory.
            keep_times = not self.window.is_of_whole_days(self._calendar)
            self.sightings = Sightings(self._bounds, self._calendar, keep_times=keep_times)
        self.total: int = 0
        self.listed: int | None = None
        self.earliest: datetime | None = None
        self.latest: datetime | None = None

    def take_back(self) -> None:
        """Count nothing as handed out that was: whoever had it has thrown it away."""
        self._report.records -= self.handed_out
        self.handed_out = 0
        self.seen = IdSet()

    def sift(self, batch: Batch[T]) -> Sequence[T]:
        """Return the records of a batch that are to be handed out.

        Raises:
            CalendarMismatch: A record's date lies where none of this answer's can.
            DecodeError: A record does not fit its type, and the policy is to raise.
        """
        records, ids = batch.records, batch.ids
        self.total += len(batch)
        if ids:
            self.listed = ids[-1]
        if batch.span and self.window is not None:
            records, ids = self._keep_own(self.window, batch, *batch.span)
        new = self.seen.add_all(ids)
        if new is not None:
            self._report.duplicates += len(records) - len(new)
            every = list(records)
            records = [every[position] for position in new]
        for record in batch.invalid:
            self._meet_invalid(record)
        self.handed_out += len(records)
        self._report.records += len(records)
        return records

    def _keep_own(
        self, window: Window, batch: Batch[T], earliest: datetime, latest: datetime
    ) -> tuple[Sequence[T], list[int]]:
        self._check_reach(window, earliest, latest)
        if window.owns(earliest) and window.owns(latest):
            return batch.records, batch.ids
        own = [window.owns(time) for time in batch.times]
        others = [not is_own for is_own in own]
        if self.sightings is not None:
            self.sightings.note(list(compress(batch.times, others)), list(compress(batch.ids, others)))
        self._report.dropped += sum(others)
        return list(compress(batch.records, own)) if any(own) else [], list(compress(batch.ids, own))

    def _check_reach(self, window: Window, earliest: datetime, latest: datetime) -> None:
        self.earliest = earliest if self.earliest is None else min(self.earliest, earliest)
        self.latest = latest if self.latest is None else max(self.latest, latest)
        check_reach(self._calendar, window, earliest, latest)

    def _meet_invalid(self, record: InvalidRecord) -> None:
        if self.window is not None and record.time is not None and not self.window.owns(record.time):
            return  # its own window tells of it
        if record.id is not None:
            self.seen.add(record.id)
        self._invalid.meet(record)
