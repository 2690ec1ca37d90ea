"""Exports of the command that are stopped: by the user, the system, the disk; and gone on with."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kauneonga_async.sandbox import Fault, RandomFaults, Sandbox, ScriptedFaults
from tests.cli.conftest import COMMAND, Run
from tests.exporting.readers import ids_in, lines_in, parts_of

QUARTER = ("export", "messages", "--from", "2025-01-01", "--to", "2025-03-31", "--window", "1", "-o")


@pytest.mark.parametrize(("told", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_an_export_that_is_told_to_end_ends_cleanly_and_is_gone_on_with(
    told: signal.Signals,
    code: int,
    form: str,
    kauneonga: Run,
    environment: dict[str, str],
    server: Sandbox,
    tmp_path: Path,
) -> None:
    server.settings.latency = 0.1
    arguments = [*QUARTER, str(tmp_path), "--format", form, "--concurrency", "2"]
    with subprocess.Popen([*COMMAND, *arguments], env=environment, stderr=subprocess.PIPE, text=True) as process:
        while not parts_of(tmp_path) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(told)
        _, said = process.communicate()
    assert process.returncode == code
    assert "Traceback" not in said
    assert "the same command goes on" in said
    begun = len(parts_of(tmp_path))
    assert 0 < begun < 90
    assert not list(tmp_path.glob("*.part"))
    server.settings.latency = 0
    outcome = kauneonga(*arguments)
    assert outcome.code == 0
    assert sorted(ids_in(tmp_path)) == list(range(1001, 1201))
    assert kauneonga("export", "verify", str(tmp_path)).code == 0


@pytest.mark.parametrize(("told", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("module", ["kauneonga_async.cli.app", "click", "asyncio"])
def test_a_command_that_is_told_to_end_while_it_starts_ends_cleanly(
    told: signal.Signals, code: int, module: str, environment: dict[str, str]
) -> None:
    program = f"""
import os, sys

class Finder:
    def find_spec(self, name, *rest):
        if name == {module!r}:
            os.kill(os.getpid(), {told.value})

from kauneonga_async.cli import main
sys.meta_path.insert(0, Finder())
sys.argv[1:] = ["messages", "list"]
main()
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.returncode, ended.stdout) == (code, "")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_a_disk_without_room_is_told_of_and_the_export_gone_on_with(
    form: str, kauneonga: Run, environment: dict[str, str], server: Sandbox, tmp_path: Path
) -> None:
    arguments = [*QUARTER[:-2], "45", "-o", str(tmp_path), "--format", form]

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = subprocess.run(
        [*COMMAND, *arguments], env=environment, capture_output=True, text=True, check=False, preexec_fn=limit
    )
    assert done.returncode == 1
    assert f"File too large: {tmp_path}" in done.stderr
    assert "Traceback" not in done.stderr
    assert parts_of(tmp_path) == []
    assert not list(tmp_path.glob("*.part"))
    assert kauneonga(*arguments, "--quiet").code == 0
    assert sorted(ids_in(tmp_path)) == list(range(1001, 1201))


def test_a_destination_that_cannot_be_written_to_is_told_of(
    kauneonga: Run, server: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = os.open

    def refuse(path: object, flags: int, *mode: int) -> int:
        if flags & os.O_CREAT and str(path).startswith(str(tmp_path)):
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        return make(path, flags, *mode)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        outcome = kauneonga(*QUARTER, str(tmp_path))
    assert outcome.code == 1
    assert outcome.err.startswith(f"kauneonga: Read-only file system: {tmp_path}")
    assert server.requests == []


def test_faults_of_the_server_end_in_a_whole_export(kauneonga: Run, server: Sandbox, tmp_path: Path) -> None:
    server.settings.faults = RandomFaults(0.2, kinds=("500", "502", "reset"))
    assert kauneonga(*QUARTER, str(tmp_path), "--retries", "30", "--quiet").code == 0
    assert sorted(lines_in(tmp_path)) == sorted(server.world.between(None, None))


def test_recordings_are_exported_and_summed_up(kauneonga: Run, tmp_path: Path) -> None:
    outcome = kauneonga("export", "recordings", "-o", str(tmp_path))
    assert outcome.code == 0
    assert outcome.err.startswith("3 of 3 recordings downloaded, ")
    assert sorted(path.name for path in tmp_path.glob("*.mp3")) == ["36.mp3", "37.mp3", "38.mp3"]
    assert kauneonga("export", "recordings", "-o", str(tmp_path)).err.startswith(
        "0 of 3 recordings downloaded, 3 there before, "
    )


def test_recordings_that_could_not_be_had_are_a_failure(kauneonga: Run, server: Sandbox, tmp_path: Path) -> None:
    server.settings.faults = ScriptedFaults([None, Fault(status=500)])
    outcome = kauneonga("export", "recordings", "-o", str(tmp_path), "--retries", "0")
    assert outcome.code == 1
    assert "2 of 3 recordings downloaded, 1 failed" in outcome.err
    assert "the same command tries again" in outcome.err


def test_to_dos_are_exported_in_place_of_what_was_there(kauneonga: Run, server: Sandbox, tmp_path: Path) -> None:
    assert kauneonga("export", "to-dos", "-o", str(tmp_path)).err.startswith("0 to-dos, 0 bytes")
    create = ("to-dos", "create", "--account-number", "W0411", "--contact", "+17545550142", "--from", "+17542838007")
    assert kauneonga(*create, "--message-text", "Rounds", "--time", "9:00 AM", "--day", "Tuesday").code == 0
    outcome = kauneonga("export", "to-dos", "-o", str(tmp_path), "--json")
    assert json.loads(outcome.out)["stream"]["records"] == 1
    (pair,) = map(json.loads, lines_in(tmp_path))
    assert pair["to_do"]["message_text"] == "Rounds"
    assert (tmp_path / "to_dos.jsonl").stat().st_mode & 0o777 == 0o600
