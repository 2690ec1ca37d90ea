"""Past: what an earlier run left, as a new run must know it: to check its windows against those before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

from kauneonga_async.exporting.entries import Done
from kauneonga_async.exporting.formats import Format
from kauneonga_async.exporting.state import State
from kauneonga_async.exporting.whole import Whole
from kauneonga_async.streams import RAISING, AskAgain, Doubt, IdSet, Listing, Past, Sieve, StreamReport, Work
from kauneonga_async.windows import Window

__all__ = ["recollect"]

_SIGHT_DAYS = 5  # no window sees further beyond its own days: padding, offset and all


def recollect(
    state: State, listing: Listing[Any], pending: Iterable[Window], form: Format, open_part: Callable[[str], BinaryIO]
) -> tuple[Past | None, dict[AskAgain | Doubt, int]]:
    """Return what a run over the windows that are left must know of those that are there. Blocking: it reads parts.

    Args:
        state: The journal's.
        listing: What is asked for.
        pending: The windows that are left.
        form: What the parts are written as.
        open_part: Opens a part by its name.

    Returns:
        What to tell the run, and the numbers under which the journal knows what is to be asked again.
    """
    if state.audit is None:
        return None, {}
    asks = state.pending_asks()
    near: set[int] = set()
    for open_window in (*pending, *(part for ask in asks for part in ask.windows)):
        near.update(range(open_window.first.toordinal() - _SIGHT_DAYS, open_window.last.toordinal() + _SIGHT_DAYS + 1))
    if not near:
        return None, {}
    asked = {ask.owner for ask in asks}
    past = Past(state.audit, expected=state.expected())
    works: dict[Any, Work[Any]] = {}
    for start, whole in state.wholes.items():
        window = whole.done.window
        if window is None:
            continue
        is_near = not near.isdisjoint(range(window.first.toordinal(), window.last.toordinal() + 1))
        tied = [done for done in whole.dones if done.may_be_cut(state.audit)]
        if is_near or tied or start in asked:
            work = works[start] = _finished(whole, window, listing, form, open_part)
            if is_near:
                past.delivered.append(work)
            past.tied += [work if done is whole.done else _part_of(work, done, listing) for done in tied]
    numbers: dict[AskAgain | Doubt, int] = {}
    for ask in asks:
        again = AskAgain(works[ask.owner], ask.windows, ask.missing, ask.is_probe, ask.suspected)
        numbers[again] = ask.number
        past.again.append(again)
    return past, numbers


def _finished(
    whole: Whole, window: Window, listing: Listing[Any], form: Format, open_part: Callable[[str], BinaryIO]
) -> Work[Any]:
    ids = IdSet()
    for part in whole.parts:
        with open_part(part.name) as file:
            for record_id in form.ids(file):
                ids.add(record_id)
    return _work(window, ids, whole.done.total, listing)


def _part_of(whole: Work[Any], done: Done, listing: Listing[Any]) -> Work[Any]:
    """Return an answer to a part of a window that was asked for again."""
    assert done.window is not None
    work = _work(done.window, whole.sieve.seen, done.total, listing)
    work.again = AskAgain(whole, (done.window,))
    return work


def _work(window: Window, ids: IdSet, total: int, listing: Listing[Any]) -> Work[Any]:
    sieve: Sieve[Any] = Sieve(window, listing.bounds, listing.calendar, ids, RAISING, StreamReport())
    sieve.total = total
    work: Work[Any] = Work(window, sieve)
    work.is_finished = True
    return work
