"""Every example runs, against the sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from kauneonga_async.sandbox import Sandbox
from kauneonga_async.testing import in_thread

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.py"))


DLT = "dlt_duckdb"


def run(example: str, sandbox: Sandbox, folder: Path) -> str:
    env = {
        **os.environ,
        "KAUNEONGA_BASE_URL": sandbox.base_url,
        "KAUNEONGA_TOKEN": sandbox.token,
        "PYTHONPATH": str(ROOT),  # the copy that is tested, whatever is installed
        "HOME": str(folder),
    }
    warnings = [] if example == DLT else ["-W", "error"]  # dlt warns of itself
    command = [sys.executable, *warnings, str(ROOT / f"examples/{example}.py")]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("example", [example for example in EXAMPLES if example != DLT])
def test_the_example_runs(example: str, tmp_path: Path) -> None:
    with in_thread(Sandbox(messages=300)) as sandbox:
        assert run(example, sandbox, tmp_path)


def test_dlt_takes_up_what_is_new_and_what_has_changed(tmp_path: Path) -> None:
    with in_thread(Sandbox(messages=300)) as sandbox:
        assert "second run: 300 messages" in run(DLT, sandbox, tmp_path)
        newest = max(sandbox.world.message_ids())
        sandbox.world.edit(newest, status="changed")
        sandbox.world.add(datetime.now(UTC))
        assert "second run: 301 messages, 301 ids" in run(DLT, sandbox, tmp_path)
    with duckdb.connect(str(tmp_path / "warehouse/kauneonga.duckdb"), read_only=True) as database:
        rows = database.execute("SELECT status FROM answering_service.messages WHERE id = ?", [newest]).fetchall()
    assert rows == [("changed",)]


def test_there_are_examples() -> None:
    assert EXAMPLES
