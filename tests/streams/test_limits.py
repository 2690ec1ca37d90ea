"""Which lists look as if they had been cut off."""

from __future__ import annotations

import pytest

from kauneonga_async.streams.limits import looks_cut

ROUND = [20, 25, 50, 64, 100, 128, 150, 400, 512, 1000, 2500, 3000, 10_000, 70_000]
NOT_ROUND = [21, 37, 60, 99, 110, 401, 1100, 10_500]


def looked_at(total: int) -> list[int]:
    return [ties for ties in range(1, 30) if looks_cut(total, ties)]


@pytest.mark.parametrize("total", ROUND)
def test_each_round_one_is_looked_at(total: int) -> None:
    assert looked_at(total) == list(range(1, 30))


@pytest.mark.parametrize("total", NOT_ROUND)
def test_of_others_the_third_is_looked_at_and_each_by_which_they_are_twice_as_many(total: int) -> None:
    assert looked_at(total) == [3, 6, 12, 24]


@pytest.mark.parametrize("total", [0, 1, 2, 10, 16, 19])
def test_a_short_one_is_never_looked_at(total: int) -> None:
    assert looked_at(total) == []
