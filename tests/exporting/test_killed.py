"""Exports that are killed, at instants that nobody chose, and started again."""

from __future__ import annotations

import hashlib
import json
import os
import random
from pathlib import Path

import pytest

from kauneonga_async import verify_export
from kauneonga_async.sandbox import RandomFaults, Sandbox
from tests.budget import KILLS
from tests.exporting.executioner import Executioner, victims
from tests.exporting.readers import ids_in, lines_in, parts_of

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")

FIRST, LAST = "2025-01-01", "2025-03-31"
FORMATS = [
    ("jsonl", None, False),
    ("jsonl", None, True),
    ("jsonl", "gz", False),
    ("jsonl", "zst", False),
    ("csv", None, False),
    ("parquet", None, False),
]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("form", "compression", "details"), FORMATS)
async def test_whatever_instant_it_is_killed_at_an_export_ends_complete_and_unique(
    form: str, compression: str | None, details: bool, tmp_path: Path
) -> None:
    seed = FORMATS.index((form, compression, details))
    faults = RandomFaults(0.05, kinds=("500", "reset", "cut"), seed=seed)
    kills = exports = 0
    async with Sandbox(messages=500 if details else 1500, seed=seed, faults=faults) as sandbox, victims() as process:
        world = sandbox.world
        ids = sorted(world.message_ids())
        truth = (
            sorted(world.message(i, whole=True) or b"" for i in ids) if details else sorted(world.between(None, None))
        )
        while kills < KILLS / len(FORMATS):
            folder = tmp_path / str(exports)
            order = {
                "kind": "messages",
                "base_url": sandbox.base_url,
                "token": sandbox.token,
                "destination": str(folder),
                "from": FIRST,
                "to": LAST,
                "days": random.Random(f"{seed} {exports}").choice([1, 3, 10]),
                "format": form,
                "compression": compression,
                "details": details,
                "outcome": str(tmp_path / "outcome"),
            }
            executioner = Executioner(process, order, seed * 1000 + exports)
            for _ in range(8):
                if await executioner.run(0.3):
                    break
                assert all(path.stat().st_mode & 0o077 == 0 for path in folder.glob("*"))
            await executioner.let_live()
            kills += executioner.kills
            exports += 1
            if form == "jsonl":
                assert sorted(lines_in(folder)) == truth
            assert sorted(ids_in(folder)) == ids
            report = await verify_export(folder)
            assert report.is_whole, report
            assert report.records == len(truth)
            assert not list(folder.glob("*.part"))
            assert len(parts_of(folder)) == report.parts


@pytest.mark.timeout(600)
async def test_whatever_instant_it_is_killed_at_an_export_of_recordings_ends_complete(tmp_path: Path) -> None:
    kills = exports = 0
    faults = RandomFaults(0.05, kinds=("500", "reset", "cut"))
    async with Sandbox(recordings=120, faults=faults) as sandbox, victims() as process:
        while kills < KILLS / len(FORMATS):
            folder = tmp_path / str(exports)
            order = {
                "kind": "recordings",
                "base_url": sandbox.base_url,
                "token": sandbox.token,
                "destination": str(folder),
                "outcome": str(tmp_path / "outcome"),
            }
            executioner = Executioner(process, order, 7000 + exports)
            for _ in range(8):
                if await executioner.run(0.3):
                    break
            await executioner.let_live()
            kills += executioner.kills
            exports += 1
            lines = [json.loads(line) for line in (folder / "recordings.jsonl").read_bytes().splitlines()]
            assert sorted(line["id"] for line in lines) == list(range(36, 156))
            for line in lines:
                content = (folder / line["file"]).read_bytes()
                assert (line["status"], line["bytes"]) == ("done", len(content))
                assert line["sha256"] == hashlib.sha256(content).hexdigest()
            assert not list(folder.glob("*.part*"))
