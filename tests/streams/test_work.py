"""The list of work: in whatever way windows are cut, the first in order is never left waiting for those behind it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kauneonga_async import ServerCalendar
from kauneonga_async.streams.work import AskAgain, Work, WorkList
from kauneonga_async.windows import check_range, plan
from tests.budget import examples

CALENDAR = ServerCalendar()


def work_of(window: Any) -> Work[Any]:
    return Work(window, None)  # type: ignore[arg-type]  # nothing here sifts


@settings(max_examples=examples(150))
@given(data=st.data(), workers=st.integers(1, 5), ordered=st.booleans())
def test_every_window_is_done_in_order_and_nobody_waits_for_ever(
    data: st.DataObject,
    workers: int,
    ordered: bool,
) -> None:
    bounds = check_range(date(2025, 1, 1), date(2025, 1, 24), CALENDAR)
    assert bounds is not None
    windows = plan(bounds, CALENDAR, None, datetime(2025, 6, 1, tzinfo=UTC))
    todo = WorkList(map(work_of, windows), ordered=ordered)
    held: list[Work[Any]] = []
    done: list[Work[Any]] = []
    again = data.draw(st.integers(0, 3))
    for _ in range(10_000):
        if len(held) < workers and (taken := todo.take()) is not None:
            held.append(taken)
            continue
        if not held:
            break
        ready = [work for work in held if work.turn.is_set()]
        assert ready, "all workers wait, and nobody is left to do the first window"
        work = data.draw(st.sampled_from(held))
        halves = work.window.halves(CALENDAR) if work.window else None
        if halves and data.draw(st.booleans()):
            held.remove(work)
            todo.replace(work, [work_of(half) for half in halves])
        elif work.turn.is_set():
            held.remove(work)
            todo.finish(work)
            done.append(work)
            if again and not work.is_again:
                again -= 1
                todo.add_again(work_of(work.window), AskAgain(work, ()))
    assert todo.is_done
    assert todo.take() is None
    planned = [work.window for work in done if not work.is_again]
    assert sum(window.days for window in planned if window) == 24
    if ordered:
        assert planned == sorted(planned, key=lambda window: window.first if window else date.min)


def test_what_is_asked_again_needs_no_turn() -> None:
    bounds = check_range(date(2025, 1, 1), date(2025, 1, 14), CALENDAR)
    assert bounds is not None
    first, second = plan(bounds, CALENDAR, None, datetime(2025, 6, 1, tzinfo=UTC))
    todo = WorkList(iter([work_of(first), work_of(second)]), ordered=True)
    one, two = todo.take(), todo.take()
    assert one is not None
    assert two is not None
    assert one.turn.is_set()
    assert not two.turn.is_set()
    again = work_of(first)
    todo.add_again(again, AskAgain(one, ()))
    assert again.turn.is_set()
    assert todo.take() is again
    assert todo.first_unfinished == first
    todo.finish(one)
    assert two.turn.is_set()
    todo.finish(two)
    assert not todo.is_done
    todo.finish(again)
    assert todo.is_done


@pytest.mark.parametrize("ordered", [True, False])
def test_an_empty_plan_is_done(ordered: bool) -> None:
    todo: WorkList[Any] = WorkList(iter([]), ordered=ordered)
    assert todo.take() is None
    assert todo.is_done
    assert todo.first_unfinished is None


def test_the_parts_of_a_window_owe_what_was_borrowed_for_it() -> None:
    bounds = check_range(date(2025, 1, 1), date(2025, 1, 14), CALENDAR)
    assert bounds is not None
    (window,) = list(plan(bounds, CALENDAR, timedelta(days=14), datetime(2025, 6, 1, tzinfo=UTC)))
    todo = WorkList(iter([work_of(window)]), ordered=True)
    whole = todo.take()
    assert whole is not None
    whole.borrowed = 15
    halves = [work_of(half) for half in window.halves(CALENDAR) or ()]
    todo.replace(whole, halves)
    assert [half.borrowed for half in halves] == [7, 8]
