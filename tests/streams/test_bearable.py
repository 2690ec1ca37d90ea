"""What is too much for a server is found out in few windows, and not from what only happened once."""

from __future__ import annotations

import pytest

from kauneonga_async.streams.bearable import Bearable


def test_at_first_everything_is_allowed() -> None:
    assert Bearable().allows(10_000)


@pytest.mark.parametrize(("days", "half"), [(2, 1), (3, 2), (31, 16)])
def test_of_what_was_surely_too_much_half_is_allowed(days: int, half: int) -> None:
    bearable = Bearable()
    bearable.exceeded(days, surely=True)
    assert bearable.allows(half)
    assert not bearable.allows(half + 1)


def test_what_may_have_been_too_much_counts_the_second_time() -> None:
    bearable = Bearable()
    bearable.exceeded(31, surely=False)
    assert bearable.allows(31)
    bearable.exceeded(16, surely=False)
    assert bearable.allows(16)
    assert not bearable.allows(17)
    bearable.exceeded(16, surely=False)
    assert bearable.allows(16)
    bearable.exceeded(10, surely=False)
    assert bearable.allows(8)
    assert not bearable.allows(9)


def test_a_window_that_is_read_clears_those_that_are_no_larger() -> None:
    bearable = Bearable()
    bearable.exceeded(31, surely=False)
    bearable.read(31)
    bearable.exceeded(31, surely=False)
    assert bearable.allows(31)
    bearable.read(30)
    bearable.exceeded(31, surely=False)
    assert not bearable.allows(17)
