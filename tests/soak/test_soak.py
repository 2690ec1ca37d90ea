"""A soak of a second balances, and one that does not is noticed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.soak import __main__ as command
from tests.soak.server import served
from tests.soak.vitals import MEGABYTE, Vitals, growth

SECONDS = 0.6
QUICK = ["stream", "get", "create", "download"]


def test_everything_at_once_balances(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with served() as base_url:
        assert asyncio.run(command.soak(base_url, tmp_path, QUICK, SECONDS, seed=1)) == []
    assert "stream" in capsys.readouterr().out


def test_what_grows_is_noticed() -> None:
    def held(megabytes: float, second: int) -> Vitals:
        return Vitals(second, round(megabytes * MEGABYTE), descriptors=9, tasks=1, threads=1)

    assert growth([held(50, second) for second in range(30)]) == 0
    assert growth([held(50 + 20 * (second < 9), second) for second in range(30)]) == 0  # the start's
    assert growth([held(50 + second, second) for second in range(30)]) == pytest.approx(19)
