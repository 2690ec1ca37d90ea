"""A few histories end with every record once, and one that does not is noticed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from kauneonga_async.sandbox.world import World
from tests.budget import examples
from tests.histories.__main__ import live_through
from tests.histories.history import History


def test_every_record_is_there_once_whatever_befalls_an_export(capsys: pytest.CaptureFixture[str]) -> None:
    found = asyncio.run(live_through(range(1, 1 + examples(12))))
    assert (found, capsys.readouterr().out) == (0, "")


async def test_a_record_that_is_lost_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history, times = History(2, tmp_path / "export"), World.times
    lost = {7: datetime.combine(history.account.begins, time(15), UTC)}
    monkeypatch.setattr(World, "times", lambda world: times(world) | lost)
    with pytest.raises(AssertionError, match=r"are held, .* were exported; \[7\]"):
        await history.live()
