"""Intervals of time, against sets of hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kauneonga_async import ServerCalendar
from kauneonga_async.exporting.cover import Cover
from kauneonga_async.windows import Window, between

ORIGIN = datetime(2025, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)

intervals = st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda pair: (pair[0], pair[0] + pair[1]))


def window(interval: tuple[int, int]) -> Window:
    start, end = interval
    return between(ORIGIN + start * HOUR, ORIGIN + end * HOUR, ServerCalendar())


@given(held=st.lists(intervals, max_size=8), wanted=intervals)
def test_it_holds_what_is_in_one_of_them_or_in_several_that_meet(
    held: list[tuple[int, int]], wanted: tuple[int, int]
) -> None:
    cover = Cover(map(window, held))
    hours = {hour for start, end in held for hour in range(start, end)}
    assert cover.holds(window(wanted)) == (set(range(*wanted)) <= hours)
    for hour in range(82):
        assert (cover.end_after(ORIGIN + hour * HOUR) is not None) == (hour in hours)
    edges = {hour for hour in range(82) if (hour in hours) != (hour - 1 in hours)}
    assert cover.edges == {ORIGIN + hour * HOUR for hour in edges}
