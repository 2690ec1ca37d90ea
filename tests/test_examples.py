"""Every example runs, against the sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kauneonga_async.sandbox import Sandbox
from kauneonga_async.testing import in_thread

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_runs(example: Path, tmp_path: Path) -> None:
    with in_thread(Sandbox(messages=300)) as sandbox:
        env = {
            **os.environ,
            "KAUNEONGA_BASE_URL": sandbox.base_url,
            "KAUNEONGA_TOKEN": sandbox.token,
            "PYTHONPATH": str(ROOT),  # the copy that is tested, whatever is installed
        }
        done = subprocess.run(
            [sys.executable, "-W", "error", str(example)], cwd=tmp_path, env=env, capture_output=True, check=False
        )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout


def test_there_are_examples() -> None:
    assert EXAMPLES
