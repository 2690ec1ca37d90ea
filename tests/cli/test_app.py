"""The command as a whole: its help, its exit codes, and what it says when something is wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from kauneonga_async.cli.app import app
from kauneonga_async.config import VERSION
from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults
from tests.cli.conftest import COMMAND, Run


def test_help_shows_the_shape_of_the_whole_in_one_screen(kauneonga: Run) -> None:
    outcome = kauneonga("--help")
    assert outcome.code == 0
    assert len(outcome.out.splitlines()) <= 24
    assert all(len(line) <= 80 for line in outcome.out.splitlines())
    for name, command in app.commands.items():
        below = ", ".join(command.commands) if isinstance(command, click.Group) else ""
        assert re.search(rf"^  {name} +{below[:15]}", outcome.out, re.MULTILINE), name


def _commands(path: tuple[str, ...], command: click.Command) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from _commands((*path, name), below)


@pytest.mark.parametrize("path", list(_commands((), app)), ids=" ".join)
def test_help_fits_80_columns_and_cuts_nothing_short(kauneonga: Run, path: tuple[str, ...]) -> None:
    outcome = kauneonga(*path, "--help")
    assert outcome.code == 0
    assert all(len(line) <= 80 for line in outcome.out.splitlines())
    assert not re.search(r"[a-z,]\.\.\.$", outcome.out, re.MULTILINE)
    options = re.findall(r"^  -.*?  (?=\S)", outcome.out, re.MULTILINE)
    assert len({len(option) for option in options}) == 1, "the texts of all options stand under each other"


def test_headings_are_bold_where_that_is_wanted(on_terminal: Run, environment: dict[str, str]) -> None:
    assert "\x1b[1mOptions:" in on_terminal("--help", term="xterm").out
    assert "\x1b" not in on_terminal("--help").out
    environment["NO_COLOR"] = "1"
    assert "\x1b" not in on_terminal("--help", term="xterm").out


def test_help_needs_neither_aiohttp_nor_rich() -> None:
    code = (
        "import sys; from kauneonga_async.cli.app import run_app; run_app(['--help']);"
        "print([name for name in ('aiohttp', 'rich', 'msgspec', 'asyncio') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.splitlines()[-1] == "[]"


def test_the_version_is_told(kauneonga: Run) -> None:
    assert kauneonga("--version").out == f"kauneonga {VERSION}\n"


def test_the_package_can_be_run_in_the_command_s_place() -> None:
    done = subprocess.run([sys.executable, "-m", "kauneonga_async", "--version"], capture_output=True, check=True)
    assert done.stdout.decode() == f"kauneonga {VERSION}\n"


def test_without_the_extra_it_says_what_to_install() -> None:
    code = (
        "import importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'rich' else real(name, *rest)\n"
        "from kauneonga_async.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'kauneonga-async[cli]'" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["messages", "get", "0"], "ID: a positive integer is needed, not 0"),
        (["messages", "get", "9" * 23], "ID: an id is 9223372036854775807 at the most, and this one is larger"),
        (["messages", "list", "--base-url", "http://u:p@h"], "password; the token is given apart from it"),
        (["export", "messages", "-o", "nowhere", "--answer", "urgent"], "--answer: only csv"),
        (["messages", "list", "--from", "2025-13-01"], "no date like 2025-12-31"),
        (["messages", "list", "--from", "2025-01-01T00:00"], "lacks an offset"),
        (["messages", "list", "--to", "2025-01-01"], "--to: it cannot stand without --from"),
        (["messages", "list", "--from", "2025-02-01", "--to", "2025-01-01"], "before"),
        (["messages", "list", "--window", "0", "--from", "2025-02-01"], "--window"),
        (["messages", "list", "--window", "9999999999", "--from", "2025-02-01"], "--window"),
        (["export", "messages", "-o", "nowhere", "--window", "9999999999", "--from", "2025-02-01"], "--window"),
        (["watch", "--look-back", "9999999999"], "--look-back"),
        (["messages", "list", "--from", "2025-01-01T00:00Z", "--to", "2025-01-02"], "--from, --to: one is a date"),
        (["sandbox", "--from", "0001-01-01T00:00+01:00"], "'--from': '0001-01-01T00:00+01:00' is on no day of UTC's"),
        (["messages", "list", "--timezone", "Mars/Olympus"], "Mars/Olympus"),
        (["messages", "list", "--base-url", "http://example.com/api"], "give --allow-http"),
        (
            [
                "to-dos",
                "create",
                "--account-number",
                "W0411",
                "--contact",
                "+17545550142",
                "--from",
                "+17542838007",
                "--message-text",
                "hi",
                "--time",
                "9:00 AM",
                "--interval",
                "0",
            ],
            "'--interval': 0 is not in the range",
        ),
        (["recordings", "download"], "--all"),
        (["recordings", "download", "--all", "-o", ""], "--output: it is empty; '.' is the current folder"),
        (["export", "messages"], "--output"),
        (["sandbox", "--from", "2025-02-01", "--to", "2025-01-01"], "--from"),
        (["sandbox", "--timezone", "Mars/Olympus"], "--timezone: no time zone is called 'Mars/Olympus'"),
        (["completion", "tcsh"], "bash"),
        (["nothing"], "nothing"),
    ],
)
def test_wrong_usage_is_2_and_asks_for_nothing(
    kauneonga: Run, server: Sandbox, arguments: list[str], said: str
) -> None:
    outcome = kauneonga(*arguments)
    assert outcome.code == 2
    assert said in outcome.err
    assert all(line.startswith("kauneonga: ") for line in outcome.err.splitlines())
    assert server.requests == []


def test_a_missing_token_is_wrong_usage(kauneonga: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAUNEONGA_TOKEN")
    outcome = kauneonga("messages", "list")
    assert outcome.code == 2
    assert outcome.err == "kauneonga: --token-file: none was given; give --token-file or set KAUNEONGA_TOKEN\n"


def test_a_complaint_is_wrapped_between_words_on_a_terminal(on_terminal: Run, server: Sandbox) -> None:
    server.settings.token = "another"
    complaint = on_terminal("messages", "get", "1001").out.splitlines()
    assert complaint[0].startswith("kauneonga: AuthenticationError: ")
    assert len(complaint) == 3
    assert all(len(line) <= 100 for line in complaint)
    assert all(line.startswith("    ") for line in complaint[1:])


def test_without_a_command_help_is_shown_and_nothing_is_done(kauneonga: Run) -> None:
    outcome = kauneonga("messages")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == kauneonga("messages", "--help").out


def test_a_failure_is_1_and_says_what_came_back(kauneonga: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAUNEONGA_TOKEN", "not-the-token")
    outcome = kauneonga("messages", "get", "1001")
    assert outcome.code == 1
    assert "AuthenticationError" in outcome.err
    assert "not-the-token" not in outcome.err


def test_the_token_can_come_from_a_file(kauneonga: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("sandbox-token\n")
    monkeypatch.delenv("KAUNEONGA_TOKEN")
    assert kauneonga("messages", "get", "1001", "--token-file", str(tmp_path / "token")).code == 0
    (tmp_path / "none").write_bytes(b"\xff\xfe")
    for path, said in (("CANARY", "No such file"), (str(tmp_path), "directory"), (str(tmp_path / "none"), "no token")):
        outcome = kauneonga("messages", "get", "1001", "--token-file", path)
        assert (outcome.code, outcome.out) == (2, "")
        assert said in outcome.err
        assert "CANARY" not in outcome.err


def test_the_token_can_come_from_stdin(environment: dict[str, str]) -> None:
    env = {name: value for name, value in environment.items() if name != "KAUNEONGA_TOKEN"}
    arguments = [*COMMAND, "messages", "get", "1001", "--token-file", "-"]
    done = subprocess.run(arguments, input=b"sandbox-token\n", env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_error_that_was_not_foreseen_is_reported_without_its_text(
    kauneonga: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "the text of a message"

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(app, "main", fail)
    outcome = kauneonga("messages", "list")
    assert outcome.code == 1
    assert "RuntimeError" in outcome.err
    assert text not in outcome.err


def test_verbose_tells_of_each_try(environment: dict[str, str], server: Sandbox) -> None:
    server.settings.faults = ScriptedFaults([Fault(status=500)])
    arguments = [*COMMAND, "messages", "get", "1001", "-v"]
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=True)
    assert "attempt 1, status 500" in done.stderr
    assert "attempt 2, status 200" in done.stderr
    assert server.token not in done.stderr


def test_an_authority_that_holds_no_certificate_is_wrong_usage(kauneonga: Run, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    outcome = kauneonga("messages", "list", "--ca", str(tmp_path / "ca.pem"))
    assert outcome.code == 2
    assert "--ca" in outcome.err
