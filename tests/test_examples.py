"""Every example runs, against the sandbox."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import aiohttp
import duckdb
import pytest
from aiohttp.test_utils import TestServer

from examples import web_aiohttp, web_fastapi
from kauneonga_async.sandbox import Sandbox
from kauneonga_async.testing import in_thread
from tests.integrations.sites import served_by_uvicorn

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


async def test_web_applications_refuse_what_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = ["/messages?first=2025-01-02&last=2025-01-01", "/messages/0", "/messages/12345678901234567890"]
    async with Sandbox(messages=1) as sandbox:
        monkeypatch.setenv("KAUNEONGA_BASE_URL", sandbox.base_url)
        monkeypatch.setenv("KAUNEONGA_TOKEN", sandbox.token)
        async with (
            served_by_uvicorn(web_fastapi.app) as by_fastapi,
            TestServer(web_aiohttp.make_app()) as by_aiohttp,
            aiohttp.ClientSession() as browser,
        ):
            for origin, path in product((by_fastapi, str(by_aiohttp.make_url("")).rstrip("/")), paths):
                async with browser.get(origin + path) as answer:
                    assert answer.status in (404, 422), path


def test_no_two_examples_write_to_the_same_place() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "examples").glob("*.py"))
    places = re.findall(r'sys\.argv\[1\] if len\(sys\.argv\) > 1 else "(.+?)"', text)
    assert places
    assert len(set(places)) == len(places)


def test_there_are_examples() -> None:
    assert EXAMPLES
