"""Overlap: the padding of windows as a checksum. Pure.

What one window saw in its padding, the window that owns it must deliver. If it does not, the list was capped, the
calendar is wrong, the server filters on another field, or the record came into being in between: which of these is
for another to find out, by asking again.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import chain
from typing import Generic, NamedTuple, TypeVar

from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.streams.ids import IdSet
from kauneonga_async.windows import Range, Window

__all__ = ["Lack", "Missing", "Overlap"]

Owner = TypeVar("Owner")


class Missing(NamedTuple):
    """A record that was seen and not delivered: its day, as an ordinal, and its id."""

    day: int
    record_id: int


class Lack(NamedTuple, Generic[Owner]):
    """What a day lacks, and whose the day is: of its owners, each may be the one that did not deliver.

    The likeliest is the last: whose it is by its instant, where that is known, or else the youngest.
    """

    missing: frozenset[Missing]
    owners: tuple[Owner, ...]


class _Piece(NamedTuple, Generic[Owner]):
    """What one window delivered of a day."""

    start: datetime
    end: datetime | None
    owner: Owner
    ids: IdSet

    def holds(self, instant: float) -> bool:
        return self.start.timestamp() <= instant and (self.end is None or instant < self.end.timestamp())


# No window sees further than this many days beyond its own: padding, offset and all.
_SIGHT_DAYS = 5


class Overlap(Generic[Owner]):
    """Compares what was seen with what was delivered, day by day.

    Windows that meet within a day share it, as those of two exports of which one ended there. What a day lacks is told
    only once all of it is delivered, by whichever of them.

    Args:
        bounds: The range of all windows.
        calendar: Whose days are meant.
    """

    def __init__(self, bounds: Range, calendar: ServerCalendar) -> None:
        self._bounds = bounds
        self._calendar = calendar
        self._seen: defaultdict[int, array[int]] = defaultdict(lambda: array("q"))  # by day that is not whole
        self._timed: defaultdict[int, list[tuple[array[int], array[float]]]] = defaultdict(list)  # of the same days
        self._instants: dict[int, float] = {}  # of what was missing, by id
        self._pieces: defaultdict[int, dict[datetime, _Piece[Owner]]] = defaultdict(dict)  # by day, then by start

    def deliver(
        self,
        window: Window,
        owner: Owner,
        ids: IdSet,
        sightings: Mapping[int, array[int]],
        times: Mapping[int, array[float]],
    ) -> tuple[list[Lack[Owner]], dict[int, array[int]]]:
        """Take what one window delivered, and what it saw of others.

        Args:
            window: The window.
            owner: Who is to be told of what it did not deliver.
            ids: What it delivered.
            sightings: What it saw, by day.
            times: When that was created, in seconds since 1970, of days of which this was kept.

        Returns:
            What days that are whole by now lack, and what of the sightings is still to be delivered.
        """
        for day, seen in sightings.items():
            self._seen[day].extend(seen)
            if day in times:
                self._timed[day].append((seen, times[day]))
        for day in _days(window):
            start = self._start(window, day)
            self._pieces[day][start] = _Piece(start, window.end, owner, ids)
        lacks: list[Lack[Owner]] = []
        for day in chain(sightings, _days(window)):
            if day in self._seen and self._is_whole(day):
                lacks += self._lack(day, self._seen.pop(day))
        return lacks, {day: ids for day, ids in sightings.items() if day in self._seen}

    def reopen(self, window: Window, missing: Iterable[Missing]) -> None:
        """Tell that a window is asked for again: what is missing of it is still to be delivered."""
        for day in _days(window):
            self._pieces[day].pop(self._start(window, day), None)
        for day, record_id in missing:
            self._seen[day].append(record_id)

    def expect(self, seen: Mapping[int, Iterable[int]]) -> None:
        """Tell what was seen before; of days that are whole, it was compared then."""
        for day, ids in seen.items():
            if not self._is_whole(day):
                self._seen[day].extend(ids)

    def forget_before(self, first_unfinished: date) -> None:
        """Tell that all windows before a day are done: what none of the others can see any more is let go."""
        horizon = first_unfinished.toordinal() - _SIGHT_DAYS
        # A day of which something is asked for again is judged with all of its pieces.
        for day in [day for day in self._pieces if day < horizon and day not in self._seen]:
            del self._pieces[day]

    def _start(self, window: Window, day: int) -> datetime:
        """Return where a window's piece of a day begins, which its halves share with it: they are cut between days."""
        return max(window.start, self._calendar.start_of(date.fromordinal(day)))

    def _is_whole(self, day: int) -> bool:
        whole_day = date.fromordinal(day)
        reached = max(self._calendar.start_of(whole_day), self._bounds.start)
        end = self._calendar.end_of(whole_day)
        if self._bounds.end is not None:
            end = min(end, self._bounds.end)
        pieces = self._pieces.get(day, {})
        for start in sorted(pieces):
            piece_end = pieces[start].end
            if start > reached:
                return False
            if piece_end is None:
                return True
            reached = max(reached, piece_end)
        return reached >= end

    def _lack(self, day: int, seen: Iterable[int]) -> list[Lack[Owner]]:
        pieces = self._pieces[day].values()
        timed = self._timed.pop(day, [])
        lacking = list(seen)
        for piece in pieces:
            lacking = piece.ids.lacks(lacking)
        if not lacking:
            return []
        missing = set(lacking)
        for ids, times in timed:
            self._instants.update(pair for pair in zip(ids, times, strict=True) if pair[0] in missing)
        lacks: defaultdict[tuple[Owner, ...], set[Missing]] = defaultdict(set)
        for record_id in lacking:
            lacks[_owners(pieces, self._instants.get(record_id))].add(Missing(day, record_id))
        return [Lack(frozenset(lack), owners) for owners, lack in lacks.items()]


def _owners(pieces: Iterable[_Piece[Owner]], instant: float | None) -> tuple[Owner, ...]:
    """Return whose a record of a day may be, the likeliest last."""
    by_likelihood = sorted(pieces, key=lambda piece: (instant is not None and piece.holds(instant), piece.start))
    return tuple(piece.owner for piece in by_likelihood)


def _days(window: Window) -> range:
    return range(window.first.toordinal(), window.last.toordinal() + 1)
