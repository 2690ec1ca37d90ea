"""Finder: what is new or changed in a window, asked for in one piece or, where lists are cut off, in slices."""

from __future__ import annotations

import msgspec

from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.streams import not_inclusive
from kauneonga_async.watching.caps import Caps, ends_of, slices_of
from kauneonga_async.watching.clock import ServerClock
from kauneonga_async.watching.question import Answered, Question
from kauneonga_async.windows import Window

__all__ = ["ClockWasWrong", "Finder"]


class ClockWasWrong(Exception):
    """The server's time is another than we thought when we asked: it is corrected, and all is to be asked again."""


class _Known(msgspec.Struct, frozen=True):
    """An answer all of whose changes were acknowledged.

    Attributes:
        etag: What tells it from others.
        total: How many records it held.
    """

    etag: str
    total: int


class Finder:
    """Finds what is new or changed in windows.

    Args:
        question: Asks.
        calendar: What is known of the server's dates.
        clock: Learns from each answer.
        remembered: Answers of which to remember that they are known, at the most.

    Attributes:
        was_reached: Whether the server has answered yet.
    """

    def __init__(self, question: Question, calendar: ServerCalendar, clock: ServerClock, remembered: int) -> None:
        self.was_reached: bool = False
        self._question = question
        self._calendar = calendar
        self._clock = clock
        self._caps = Caps()
        self._remembered = remembered
        self._is_borne_out = not (calendar.is_known and calendar.to_date_inclusive)
        self._known: dict[Window, _Known] = {}
        self._fresh: dict[Window, _Known] = {}  # whose changes are not acknowledged yet
        self._before: tuple[int, int] | None = None  # total and ids of the latest answer to an open window

    async def find(self, window: Window) -> list[Answered]:
        """Return the answers that hold what is new or changed in a window.

        Raises:
            ClockWasWrong: It must be asked for again.
            IncompleteResult: The server would not list all of a day.
            KauneongaError: It cannot be had.
        """
        self._fresh.clear()
        if self._caps.cap is not None:
            return await self._find_in_slices(window)
        known = self._known.get(window)
        # As _ask does, with one coroutine less for each of a thousand accounts that wait for their answers.
        whole = self._learn(window, known, await self._question.ask(window, known.etag if known else None))
        if known is not None and whole.is_unchanged:
            total = known.total
        else:
            total = whole.total
            before = self._before if window.end is None else None
            if self._caps.suspects(window, total, whole.ids, before) or await self._lacks_an_end(
                window, whole, first_look=before is None
            ):
                return [whole, *await self._look_into(window, whole)]
            if window.end is None:
                self._before = total, hash(frozenset(whole.ids))
        if window.end is None and self._caps.may_lack_its_end(window, total, self._clock.now()):
            return [whole, *await self._look_at_end(window, whole, total)]
        if window.end is not None and not self._is_borne_out and not whole.is_unchanged:
            return [whole, *await self._look_behind(window, whole)]
        return [whole]

    def acknowledge(self) -> None:
        """Tell that what was found last is known from now on."""
        self._known.update(self._fresh)
        self._fresh.clear()
        while len(self._known) > self._remembered:
            del self._known[next(iter(self._known))]

    async def _ask(self, window: Window, *, afresh: bool = False) -> Answered:
        known = None if afresh else self._known.get(window)
        return self._learn(window, known, await self._question.ask(window, known.etag if known else None))

    def _learn(self, window: Window, known: _Known | None, answered: Answered) -> Answered:
        self.was_reached = True
        if self._clock.learn(answered.date):
            raise ClockWasWrong
        if known is None or not answered.is_unchanged:
            self._known.pop(window, None)
            if answered.etag is not None:
                self._fresh[window] = _Known(answered.etag, answered.total)
        return answered

    async def _find_in_slices(self, window: Window) -> list[Answered]:
        answers: list[Answered] = []
        for piece in slices_of(window, self._calendar):
            answer = await self._ask(piece)
            if not answer.is_unchanged:
                self._caps.check_slice(piece, answer.total)
            answers.append(answer)
        return answers

    async def _lacks_an_end(self, window: Window, whole: Answered, *, first_look: bool) -> bool:
        """Tell whether a list that stops short lacks what its last or first days hold."""
        gaps = self._caps.gaps(window, whole, self._calendar, self._clock.now(), first_look=first_look)
        for piece in gaps:
            if (await self._ask(piece, afresh=True)).ids - whole.ids:
                return True
        if gaps:
            self._caps.clear(window, whole.total)
        return False

    async def _look_behind(self, window: Window, whole: Answered) -> list[Answered]:
        """Make sure of a stated ``to_date_inclusive=True``, until an answer bears it out: there is no padding to do so.

        Raises:
            CalendarMismatch: The last day holds what its window's list lacks.
        """
        if self._bears_out(window, whole) or self._calendar.start_of(window.last) > self._clock.now():
            return []
        last_day, more = window.last_day(self._calendar, 0), window.last_day(self._calendar, 1)
        behind = await self._question.ask(more)
        if self._bears_out(more, behind) or not behind.findings.keys() - whole.ids:
            return [behind]
        # What has come in the meantime is listed by now.
        day = await self._question.ask(last_day)
        if not day.total:
            raise not_inclusive(window.last)
        self._is_borne_out = True
        return [behind, day]

    def _bears_out(self, window: Window, answered: Answered) -> bool:
        if answered.earliest is not None and answered.latest is not None:
            self._is_borne_out = self._calendar.is_borne_out(
                window.ask_from, window.ask_to, answered.earliest, answered.latest
            )
        return self._is_borne_out

    async def _look_into(self, window: Window, whole: Answered) -> list[Answered]:
        """Ask for a window's days one by one: do they hold more than the list of all of them did?"""
        answers = [await self._ask(piece, afresh=True) for piece in slices_of(window, self._calendar)]
        lacking = set[int]().union(*(answer.ids for answer in answers)) - whole.ids
        if lacking:
            # What has come in the meantime is in the list by now, if that is whole.
            again = await self._ask(window, afresh=True)
            answers.append(again)
            if lacking - again.ids:
                self._caps.prove(whole.total)
                for answer, piece in zip(answers, slices_of(window, self._calendar), strict=False):
                    self._caps.check_slice(piece, answer.total)
            return answers
        self._caps.clear(window, whole.total)
        self._before = whole.total, hash(frozenset(whole.ids))
        return answers

    async def _look_at_end(self, window: Window, whole: Answered, total: int) -> list[Answered]:
        """Ask for the last days of a list that may be full: do they hold what it does not show?"""
        answers: list[Answered] = []
        for piece in ends_of(window):
            known = self._known.get(piece)
            end = await self._ask(piece)
            answers.append(end)
            if end.findings.keys() - whole.findings.keys():
                # What has come in the meantime is in the list by now, if that is whole.
                again = await self._ask(window, afresh=True)
                answers.append(again)
                if end.ids - again.ids:
                    answers += await self._look_into(window, again)
                break
            if (known.total if known and end.is_unchanged else end.total) < total:
                break  # else it may be full itself
        self._caps.see_end(self._clock.now())
        return answers
