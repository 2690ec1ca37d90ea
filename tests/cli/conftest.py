"""Running the command: in this process, in one of its own, and on a terminal."""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest

from kauneonga_async.cli.app import run_app
from kauneonga_async.sandbox import Sandbox
from kauneonga_async.testing import in_thread
from tools.terminal import run_on_terminal

COMMAND = [sys.executable, "-c", "from kauneonga_async.cli import main; main()"]
CREATION = (
    "to-dos",
    "create",
    "--account-number=W0411",
    "--contact=+17545550142",
    "--from=+17542838007",
    "--day=Tuesday",
    "--interval=2",
)


class Outcome(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with in_thread(Sandbox(messages=200, recordings=3)) as running:
        yield running


@pytest.fixture(autouse=True)
def config_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command looks for profiles: never those of whoever runs the tests."""
    home = tmp_path_factory.mktemp("config")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    (home / "kauneonga").mkdir()
    return home / "kauneonga"


@pytest.fixture(autouse=True)
def _inflates_as_before() -> Iterator[None]:
    """The command chooses for the whole process, which is the tests' here."""
    yield
    aiohttp.set_zlib_backend(zlib)


@pytest.fixture
def environment(server: Sandbox, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What tells the command of the account."""
    monkeypatch.setenv("KAUNEONGA_BASE_URL", server.base_url)
    monkeypatch.setenv("KAUNEONGA_TOKEN", server.token)
    return dict(os.environ)


@pytest.fixture
def kauneonga(environment: dict[str, str], capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process, its output in a pipe."""

    def run(*arguments: str) -> Outcome:
        capfd.readouterr()
        code = run_app(arguments)
        out, err = capfd.readouterr()
        return Outcome(code, out, err)

    return run


@pytest.fixture
def on_terminal(environment: dict[str, str]) -> Run:
    """Run the command in a process of its own, with a terminal of 100 columns for its output."""

    def run(*arguments: str, term: str = "dumb") -> Outcome:
        env = {**environment, "COLUMNS": "100", "TERM": term}
        code, shown = run_on_terminal([*COMMAND, *arguments], env)
        return Outcome(code, shown, "")

    return run
