"""A watch that is killed, at instants that nobody chose, and started again: nothing is lost, little is repeated."""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kauneonga_async.sandbox import RandomFaults, Sandbox
from kauneonga_async.watching.changes import digest_of
from tests.budget import KILLS
from tests.exporting.executioner import Executioner, victims

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")


async def test_whatever_instant_it_is_killed_at_a_watch_loses_no_change(tmp_path: Path) -> None:
    chance, events = random.Random(4), tmp_path / "events"
    start = datetime.now(UTC) - timedelta(days=1)
    faults = RandomFaults(0.05, kinds=("500", "reset", "cut"))
    async with Sandbox(messages=0, faults=faults) as sandbox, victims() as process:
        world = sandbox.world
        order = {
            "kind": "watch",
            "base_url": sandbox.base_url,
            "token": sandbox.token,
            "cursor": str(tmp_path / "cursor.db"),
            "events": str(events),
            "from": start.date().isoformat(),
            "wanted": ["none: it runs until it is killed"],
            "outcome": str(tmp_path / "outcome"),
        }
        executioner = Executioner(process, order, 4)
        while executioner.kills < KILLS / 4:
            for _ in range(5):
                world.add(start + chance.random() * timedelta(days=1))
            for record_id in chance.sample(list(world.message_ids()), 3):
                world.edit(record_id, status=str(chance.random()))
            assert not await executioner.run(0.1)
        last = world.add(datetime.now(UTC))  # comes after all others that are still to come
        order["wanted"] = [digest_of(world.message(last) or b"").hex()]
        await executioner.let_live()
        truth = {f"{i}-{digest_of(world.message(i) or b'').hex()}" for i in world.message_ids()}
    seen = Counter(line.split()[0] for line in events.read_text().splitlines())
    assert truth <= set(seen)
    assert sum(seen.values()) - len(seen) <= executioner.kills  # those that were being dealt with
