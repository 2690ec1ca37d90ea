"""Pauses: whatever a server asks for, it is granted an hour in all, and another each time that more was done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kauneonga_async import config, errors
from kauneonga_async.exporting.pauses import Patience

ASKED = st.one_of(st.floats(0, 4000), st.sampled_from([0.0, 1800.0, 3600.0, 3600.5, 86400.0]))


@given(asked=st.lists(st.tuples(ASKED, st.integers(-1, 1)), max_size=30))
def test_what_is_waited_for_without_getting_on_is_an_hour_at_most(asked: list[tuple[float, int]]) -> None:
    done, most, waited = [5], 5, 0.0
    patience = Patience(lambda: done[0])
    for seconds, more in asked:
        done[0] += more
        if done[0] > most:
            most, waited = done[0], 0.0
        pause = patience.pause_after(errors.RateLimited(retry_after=seconds))
        if pause is None:
            assert waited + max(1.0, seconds) > config.LONGEST_PATIENCE - 0.001
        else:
            waited += pause
            assert pause >= seconds
            assert waited <= config.LONGEST_PATIENCE + 0.001


def test_a_server_that_asks_for_no_pause_at_all_is_not_asked_again_for_ever() -> None:
    patience, times = Patience(lambda: 0), 0
    while patience.pause_after(errors.RateLimited(retry_after=0.0)) is not None:
        times += 1
    assert times == 3600


@pytest.mark.parametrize("error", [errors.RateLimited(), errors.ServerError(retry_after=1.0), ValueError()])
def test_what_does_not_say_how_long_is_not_waited_for(error: Exception) -> None:
    assert Patience(lambda: 0).pause_after(error) is None
