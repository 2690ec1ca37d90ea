"""The load test of ``python -m benchmarks web``, as a sample."""

from __future__ import annotations

from benchmarks.groups.web import web


def test_visitors_who_leave_half_way_leave_nothing_behind() -> None:
    leaks, *_ = web(rounds=1, visitors=40, times=1)
    assert leaks.result == 0
    assert leaks.details["left half-way"] == 20
