"""A sample of what the command tries, and crashes that once were not borne."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.crashes.disk import CRASHES, Crash
from tests.crashes.scenarios import SCENARIOS
from tests.crashes.trials import Tally, trials_of

SAMPLE = 12  # crashes of each scenario, of three kinds; the command tries thousands


@pytest.mark.parametrize("name", list(SCENARIOS))
async def test_whatever_a_crash_loses_the_same_call_makes_whole(name: str, tmp_path: Path) -> None:
    tally = Tally()
    async with trials_of(name, tmp_path / "root", 1, tally) as trials:
        steps = len(trials.operations)
        assert steps >= 8
        for number in range(SAMPLE):
            await trials.crash(steps * (number + 1) // SAMPLE, CRASHES[number % len(CRASHES)], number)
    assert tally.crashes.total() >= SAMPLE
    assert not tally.wrong


@pytest.mark.parametrize(
    ("name", "counts", "kind", "numbers"),
    [
        # The folder itself was made, and never flushed: all that was flushed within it went with it.
        ("messages", [-1], "posix", range(6)),
        ("recordings", [-1], "posix", range(6)),
        # A part kept its size and lost its bytes, and was gone on from; a sidecar came back beside a finished file.
        ("download", range(6, 16), "posix", range(3)),
        ("recordings", range(20, 50, 5), "posix", range(2)),
    ],
)
async def test_crashes_that_were_not_borne(
    name: str, counts: Sequence[int], kind: Crash, numbers: Sequence[int], tmp_path: Path
) -> None:
    tally = Tally()
    async with trials_of(name, tmp_path / "root", 1, tally) as trials:
        for count in counts:
            for number in numbers:
                await trials.crash(count if count >= 0 else len(trials.operations), kind, number)
    assert not tally.wrong
