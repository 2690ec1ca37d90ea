"""The pace finds the rate a server bears, of whatever kind its limit is."""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kauneonga_async.transport.pace import SLOWEST, Concurrency, Pace

Server = Callable[[float], float | None]
"""Takes a request at a time; returns None, or the seconds after which it would take it."""


def bucket(rate: float, size: float) -> Server:
    state = [0.0, size]

    def take(now: float) -> float | None:
        state[1] = min(size, state[1] + (now - state[0]) * rate)
        state[0] = now
        if state[1] >= 1:
            state[1] -= 1
            return None
        return (1 - state[1]) / rate

    return take


def fixed_window(rate: int) -> Server:
    state = [-1, 0]

    def take(now: float) -> float | None:
        if int(now) != state[0]:
            state[:] = [int(now), 0]
        state[1] += 1
        return None if state[1] <= rate else int(now) + 1 - now

    return take


def sliding_window(rate: int) -> Server:
    taken: deque[float] = deque()

    def take(now: float) -> float | None:
        while taken and taken[0] <= now - 1:
            taken.popleft()
        if len(taken) < rate:
            taken.append(now)
            return None
        return taken[0] + 1 - now

    return take


def simulate(server: Server, latency: float, *, count: int = 1000, at_once: int = 16) -> tuple[float, int]:
    """Send requests as the throttle does; return the seconds they took, and how many were refused."""
    rng = random.Random(1)
    pace, concurrency = Pace(0.0), Concurrency(at_once)
    now, resume, refused, in_flight, finished = 0.0, 0.0, 0, 0, 0.0
    events: list[tuple[float, int, str, tuple[float, float | None]]] = []
    waiting, order, next_go = count, 0, 0.0

    def later(when: float, what: str, data: tuple[float, float | None] = (0.0, None)) -> None:
        nonlocal order
        order += 1
        heapq.heappush(events, (when, order, what, data))

    later(0.0, "go")
    while events:
        now, _, what, (started, refusal) = heapq.heappop(events)
        if what == "retry":
            waiting += 1
        if what == "end":
            in_flight -= 1
            if refusal is None:
                pace.accepted(now)
                concurrency.succeeded(in_flight + 1)
                finished = now
            else:
                refused += 1
                wait = max(1, math.ceil(refusal))
                resume = max(resume, now + wait)
                pace.refused(started, now, resume)
                concurrency.overloaded(started, now)
                later(now + wait, "retry")
        while waiting and in_flight < int(concurrency.limit):
            delay = resume - now if resume > now else pace.delay(now)
            if delay > 1e-9:
                if not now < next_go <= now + delay:  # else who waits already asks again
                    next_go = now + delay
                    later(next_go, "go")
                break
            waiting -= 1
            in_flight += 1
            later(now + latency * rng.uniform(0.9, 1.1), "end", (now, server(now + latency * 0.45)))
    return finished, refused


@pytest.mark.parametrize("latency", [0.005, 0.05, 0.2])
@pytest.mark.parametrize(
    ("server", "worst"),
    [
        (lambda: bucket(50, 50), 1.1),
        (lambda: bucket(50, 10), 1.4),
        (lambda: fixed_window(50), 1.25),
        (lambda: sliding_window(50), 1.3),
    ],
    ids=["bucket of 50", "bucket of 10", "fixed window", "sliding window"],
)
def test_a_limit_of_fifty_a_second_is_used_and_kept(server: Callable[[], Server], worst: float, latency: float) -> None:
    seconds, refused = simulate(server(), latency)
    assert seconds <= worst * 20
    assert refused <= 50


@pytest.mark.parametrize("rate", [2, 400])
def test_slow_and_fast_servers_alike(rate: int) -> None:
    seconds, refused = simulate(bucket(rate, rate), 0.01, count=20 * rate)
    assert seconds <= 1.6 * 20
    assert refused <= max(20, rate)


def test_nothing_is_limited_before_the_first_refusal() -> None:
    pace = Pace(0.0)
    for tick in range(1000):
        assert pace.delay(tick / 1000) == 0
        pace.accepted(tick / 1000)
    assert pace.rate is None


def test_one_round_trip_s_refusals_count_once() -> None:
    pace = Pace(0.0)
    for _ in range(100):
        pace.accepted(0.5)
    assert pace.refused(0.4, 1.0, 2.0)
    rate = pace.rate
    assert not pace.refused(0.9, 1.1, 2.0)
    assert pace.rate == rate
    assert pace.refused(2.5, 2.6, 2.6)


def test_requests_are_spread_evenly() -> None:
    pace = Pace(0.0, accepted=10)
    pace.refused(0.0, 1.0, 1.0)
    starts = []
    now = 1.0
    for _ in range(5):
        while (delay := pace.delay(now)) > 0:
            now += delay
        starts.append(now)
    assert [round(b - a, 9) for a, b in zip(starts, starts[1:], strict=False)] == [0.1] * 4


def test_after_an_outage_the_rate_is_found_again_within_seconds() -> None:
    """Ten minutes in which everything is refused say nothing about the rate that is borne afterwards."""
    end = 600.0
    server = bucket(50, 50)
    seconds, _ = simulate(lambda now: 1.0 if now < end else server(now), 0.05)
    assert seconds - end <= 40


def slowed_down() -> Pace:
    """Return a pace after an evening of trouble, which ended at 1000 s."""
    pace = Pace(0.0)
    for second in range(985, 1000):
        pace.refused(second, second, second + 1)
        if second % 3 == 0:
            pace.accepted(second + 1)
    assert pace.rate is not None
    assert pace.rate < 0.5
    return pace


def use(pace: Pace, now: float, count: int) -> float:
    """Send requests one after the other, all of which are accepted; return when the last one was."""
    for _ in range(count):
        while (delay := pace.delay(now)) > 0:
            now += delay
        now += 0.01
        pace.accepted(now)
    return now


@pytest.mark.parametrize("hours", [0.1, 1, 12])
def test_after_idle_time_a_rate_that_was_low_is_found_anew(hours: float) -> None:
    began = 1000 + hours * 3600
    assert use(slowed_down(), began, 60) - began < 10
    assert use(slowed_down(), began, 1200) - began < 60


def test_pauses_between_bursts_do_not_slow_the_search_down() -> None:
    steady, paused, now = slowed_down(), slowed_down(), 1000.0
    use(steady, 1000.0, 200)
    for _ in range(10):
        now = use(paused, now + 120, 20)
    assert steady.rate is not None
    assert paused.rate is not None
    assert paused.rate > steady.rate / 2


@pytest.mark.parametrize("every", [10, 100, 1000])
def test_a_request_now_and_then_lets_no_rate_run_away(every: int) -> None:
    pace = slowed_down()
    for turn in range(1000):
        use(pace, 1000.0 + every * turn, 1)
    assert pace.rate is not None
    assert pace.rate <= 5


@given(st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=60))
def test_the_rate_is_never_nothing_and_the_wait_never_endless(steps: list[tuple[float, bool]]) -> None:
    pace, now = Pace(0.0), 0.0
    for step, refused in steps:
        now += step
        if refused:
            pace.refused(now, now, now + step)
        else:
            pace.accepted(now)
        assert pace.rate is None or SLOWEST <= pace.rate < 1e6
        assert 0 <= pace.delay(now) <= step + 1 / SLOWEST + 1e-6


def test_concurrency_falls_once_a_round_trip_and_grows_only_when_used() -> None:
    limit = Concurrency(16)
    limit.overloaded(0.0, 1.0)
    limit.overloaded(0.5, 1.1)
    assert limit.limit == pytest.approx(11.2)
    limit.succeeded(3)
    assert limit.limit == pytest.approx(11.2)
    for _ in range(1000):
        limit.succeeded(16)
    assert limit.limit == 16
    for tick in range(100):
        limit.overloaded(tick + 2, tick + 2)
    assert limit.limit == 1
