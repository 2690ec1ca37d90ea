"""Work: the windows of a run that are not done yet, in order; cut in two, taken up again, and counted down. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import anyio
import msgspec

from kauneonga_async.streams.overlap import Missing
from kauneonga_async.streams.sieve import Sieve
from kauneonga_async.windows import Window

__all__ = ["AskAgain", "Doubt", "Work", "WorkList"]

T = TypeVar("T")


class AskAgain(msgspec.Struct, frozen=True, eq=False):
    """A window, or a part of one, that is to be asked for again.

    Attributes:
        work: What was asked for.
        windows: What to ask for now.
        missing: Records that the answers must hold, for others have seen them.
        is_probe: Whether the answer is to show that ``to_date`` includes its day.
        suspected: How many records the answer had that is suspected of having been cut off there; else 0.
    """

    work: Work[Any]
    windows: tuple[Window, ...]
    missing: tuple[Missing, ...] = ()
    is_probe: bool = False
    suspected: int = 0


class Doubt(msgspec.Struct, frozen=True, eq=False):
    """A single day that lacks the same records each time it is asked for.

    Attributes:
        work: The day.
        missing: What it lacks.
    """

    work: Work[Any]
    missing: tuple[Missing, ...]


class Work(Generic[T]):
    """One window to be asked for.

    Attributes:
        window: The window, or None where a listing has no dates.
        sieve: What of its answers is handed out.
        turn: Is set when its records may be handed on.
        again: Why its records are asked for again, where they were asked for before: only what was missing of them is
            expected.
        is_finished: Whether its answer was read to its end.
        borrowed: Retry tokens that were taken for it, and for what it is a part of: they are owed until it is read.
    """

    def __init__(self, window: Window | None, sieve: Sieve[T]) -> None:
        self.window = window
        self.sieve = sieve
        self.turn: anyio.Event = anyio.Event()
        self.again: AskAgain | None = None
        self.is_finished = False
        self.borrowed = 0

    @property
    def is_again(self) -> bool:
        """Whether its records were asked for before."""
        return self.again is not None


class WorkList(Generic[T]):
    """What is still to be done.

    Args:
        windows: The windows of the plan, in order.
        ordered: Whether only the first window that is not done may hand on its records.
    """

    def __init__(self, windows: Iterator[Work[T]], *, ordered: bool) -> None:
        self._windows = windows
        self._ordered = ordered
        self._unfinished: list[Work[T]] = []  # taken from the plan, in its order, and not done
        self._parts: list[Work[T]] = []  # those of them that nobody has taken up yet, in the same order
        self._again: deque[Work[T]] = deque()  # to be asked for again, out of order
        self._again_unfinished = 0

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to be done, or to be waited for; meant to be asked when ``take`` found nothing."""
        return not self._unfinished and not self._again_unfinished

    @property
    def first_unfinished(self) -> Window | None:
        """The first window that is not done, or None."""
        return self._unfinished[0].window if self._unfinished else None

    def take(self) -> Work[T] | None:
        """Return the next work, or None if there is none just now."""
        # The first in order first: all others may have to wait until it is done.
        if self._parts:
            return self._parts.pop(0)
        if self._again:
            return self._again.popleft()
        work = next(self._windows, None)
        if work is not None:
            self._unfinished.append(work)
            self._give_turn(work)
        return work

    def replace(self, work: Work[T], parts: list[Work[T]]) -> None:
        """Put the parts of a window in its place; each owes its share of what was borrowed."""
        for left, part in zip(range(len(parts), 0, -1), parts, strict=True):
            part.again = work.again
            part.borrowed = work.borrowed // left
            work.borrowed -= part.borrowed
        if work.is_again:
            self._again_unfinished += len(parts) - 1
            self._again.extend(parts)
        else:
            place = self._unfinished.index(work)
            self._unfinished[place : place + 1] = parts
            waiting = {*self._parts, *parts}
            self._parts = [part for part in self._unfinished if part in waiting]
        for part in parts:
            self._give_turn(part)

    def add_again(self, work: Work[T], again: AskAgain) -> None:
        """Take up a window again that was done."""
        work.again = again
        self._again_unfinished += 1
        self._again.append(work)
        self._give_turn(work)

    def finish(self, work: Work[T]) -> None:
        """Tell that a window is done."""
        work.is_finished = True
        if work.is_again:
            self._again_unfinished -= 1
            return
        self._unfinished.remove(work)
        if self._unfinished:
            self._give_turn(self._unfinished[0])

    def _give_turn(self, work: Work[T]) -> None:
        if not self._ordered or work.is_again or self._unfinished[0] is work:
            work.turn.set()
