"""Which lists look as if they had been cut off."""

from __future__ import annotations

import pytest

from kauneonga_async.streams.limits import looks_cut

ROUND = [20, 25, 50, 64, 100, 128, 150, 400, 512, 1000, 2500, 3000, 10_000, 70_000]
NOT_ROUND = [21, 37, 60, 99, 110, 401, 1100, 10_500]


def looked_at(total: int, *, is_overlapped: bool, ends_early: bool = False) -> list[int]:
    return [ties for ties in range(1, 30) if looks_cut(total, ties, is_overlapped=is_overlapped, ends_early=ends_early)]


@pytest.mark.parametrize("total", ROUND)
def test_each_round_one_is_looked_at_where_nothing_else_would_show_it(total: int) -> None:
    assert looked_at(total, is_overlapped=False) == list(range(1, 30))


@pytest.mark.parametrize("total", NOT_ROUND)
def test_of_others_the_third_is_looked_at_and_each_by_which_they_are_twice_as_many(total: int) -> None:
    assert looked_at(total, is_overlapped=False) == [3, 6, 12, 24]


@pytest.mark.parametrize("total", [*ROUND, *NOT_ROUND])
def test_where_others_hold_its_ends_the_third_is_looked_at_once(total: int) -> None:
    assert looked_at(total, is_overlapped=True) == [3]


@pytest.mark.parametrize("total", [*ROUND, *NOT_ROUND])
def test_a_round_one_that_ends_early_is_looked_at_always(total: int) -> None:
    assert looked_at(total, is_overlapped=True, ends_early=True) == (list(range(1, 30)) if total in ROUND else [3])


@pytest.mark.parametrize("total", [0, 1, 2, 10, 16, 19])
@pytest.mark.parametrize("is_overlapped", [True, False])
def test_a_short_one_is_never_looked_at(total: int, is_overlapped: bool) -> None:
    assert looked_at(total, is_overlapped=is_overlapped, ends_early=True) == []
