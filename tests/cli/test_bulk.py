"""Commands that do a whole job: export, demo, sandbox."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from kauneonga_async import ExportReport, KauneongaClient
from kauneonga_async.cli.amounts import amount, counted
from kauneonga_async.cli.connection import ToStderr
from kauneonga_async.cli.progress import Progress
from kauneonga_async.exporting.destinations import Folder
from kauneonga_async.sandbox import Sandbox
from tests.cli.conftest import COMMAND, Run
from tests.exporting.readers import lines_in, parts_of

QUARTER = ("export", "messages", "--from", "2025-01-01", "--to", "2025-03-31", "-o")


def test_an_export_writes_every_message_once_and_sums_up_on_stderr(
    kauneonga: Run, server: Sandbox, tmp_path: Path
) -> None:
    outcome = kauneonga(*QUARTER, str(tmp_path))
    assert outcome.code == 0
    assert outcome.out == ""
    assert outcome.err.startswith("200 messages in 13 files")
    assert sorted(lines_in(tmp_path)) == sorted(server.world.between(None, None))


def test_what_the_log_tells_is_written_above_the_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logger, terminal = logging.getLogger("kauneonga_async"), io.StringIO()
    handler = ToStderr()
    handler.setFormatter(logging.Formatter("kauneonga: %(message)s"))
    monkeypatch.setattr(logger, "handlers", [handler])
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress("messages") as progress:
        progress(ExportReport(parts_planned=13))
        logger.warning("the server is lost")
        progress(ExportReport(parts_planned=13))
    lines = [line.split("\r")[-1] for line in terminal.getvalue().split("\n")]
    assert any(line.endswith("kauneonga: the server is lost") and "messages" not in line for line in lines), lines
    assert capsys.readouterr().err == ""


def test_a_bar_counts_files_once_it_is_known_how_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with Progress("messages") as progress:
        pass
    assert "messages" in terminal.getvalue()
    assert "None" not in terminal.getvalue()
    with Progress("messages") as progress:
        progress(ExportReport(parts_planned=13))
    assert "0/13" in terminal.getvalue()


def test_a_refused_token_ends_an_export_with_one_line(
    kauneonga: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KAUNEONGA_TOKEN", "another")
    outcome = kauneonga(*QUARTER, str(tmp_path))
    assert outcome.code == 1
    assert "at the same time" not in outcome.err


def test_the_summary_can_be_had_as_json(kauneonga: Run, tmp_path: Path) -> None:
    outcome = kauneonga(*QUARTER, str(tmp_path), "--json", "--window", "31")
    assert json.loads(outcome.out)["stream"]["records"] == 200
    assert outcome.err == ""
    assert len(parts_of(tmp_path)) == 3


def test_quiet_says_nothing(kauneonga: Run, tmp_path: Path) -> None:
    outcome = kauneonga(*QUARTER, str(tmp_path), "--quiet")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


def test_a_terminal_sees_the_export_go_on(on_terminal: Run, tmp_path: Path) -> None:
    out = on_terminal(*QUARTER, str(tmp_path), term="xterm").out
    assert "13/13" in out


def test_a_terminal_that_cannot_move_gets_lines_and_no_bar(on_terminal: Run, tmp_path: Path) -> None:
    line, _ = on_terminal(*QUARTER, str(tmp_path)).out.splitlines()
    assert line.startswith("200 messages in 13 files, 316.8 kB in ")


def test_a_log_gets_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("messages") as progress:
        for seconds in range(25):
            progress(ExportReport(parts=seconds, parts_planned=25, seconds=float(seconds)))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines] == ["messages: 10/25 files", "messages: 20/25 files"]


def test_an_export_that_was_stopped_is_gone_on_with_by_the_same_command(
    kauneonga: Run, server: Sandbox, tmp_path: Path
) -> None:
    assert kauneonga(*QUARTER, str(tmp_path), "--quiet").code == 0
    parts_of(tmp_path)[3].unlink()
    outcome = kauneonga(*QUARTER, str(tmp_path))
    assert outcome.err.startswith("15 messages in 1 file, 185 in 12 files there before, ")
    assert sorted(lines_in(tmp_path)) == sorted(server.world.between(None, None))


def test_another_command_on_the_same_destination_is_refused_and_told_what_differs(
    kauneonga: Run, tmp_path: Path
) -> None:
    assert kauneonga(*QUARTER, str(tmp_path), "--quiet").code == 0
    outcome = kauneonga(*QUARTER, str(tmp_path), "--compression", "gz")
    assert outcome.code == 2
    assert "other arguments: --compression was not given, and is gz. Choose" in outcome.err
    assert outcome.err.endswith("or give --overwrite\n")


def test_a_folder_s_name_is_not_taken_for_an_option(
    kauneonga: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = Folder(Path("audio"), "messages")
    place.lock()
    outcome = kauneonga(*QUARTER, "audio")
    place.unlock()
    assert outcome.code == 1
    assert outcome.err.startswith("kauneonga: DestinationLocked: --output: another process exports messages to audio;")


@pytest.mark.parametrize("last", [[], ["--to", "9000-01-31"]])
def test_of_a_range_in_the_future_nothing_is_claimed(kauneonga: Run, tmp_path: Path, last: list[str]) -> None:
    outcome = kauneonga("export", "messages", "--from", "9000-01-01", *last, "-o", str(tmp_path))
    assert outcome.code == 0
    assert "created before" not in outcome.err
    assert "kauneonga: --from: no instant of the range is five minutes past" in outcome.err


def test_verifying_what_is_no_export_names_the_argument(kauneonga: Run, tmp_path: Path) -> None:
    outcome = kauneonga("export", "verify", str(tmp_path))
    assert outcome.code == 2
    assert outcome.err == f"kauneonga: DEST: {tmp_path} holds no journal of an export of messages\n"


def test_verify_tells_what_is_not_as_it_was_written(kauneonga: Run, tmp_path: Path) -> None:
    assert kauneonga(*QUARTER, str(tmp_path), "--quiet").code == 0
    outcome = kauneonga("export", "verify", str(tmp_path))
    assert (outcome.code, outcome.out) == (0, "13 whole files: 200 records, 316.8 kB\n")
    told = json.loads(kauneonga("export", "verify", str(tmp_path), "--json").out)
    assert (told["is_whole"], told["parts"], told["missing"]) == (True, 13, [])
    first, second, *_ = parts_of(tmp_path)
    first.unlink()
    second.write_bytes(second.read_bytes().replace(b"a", b"b", 1))
    (tmp_path / "messages_1999-01-01_1999-01-02.csv").touch()
    outcome = kauneonga("export", "verify", str(tmp_path))
    assert outcome.code == 1
    assert f"missing: {first.name}\ndamaged: {second.name}\nnot in the journal: messages_1999" in outcome.out
    told = json.loads(kauneonga("export", "verify", str(tmp_path), "--json").out)
    assert (told["is_whole"], told["missing"]) == (False, [first.name])


def test_what_verify_says_to_do_makes_an_export_whole(kauneonga: Run, tmp_path: Path) -> None:
    assert kauneonga(*QUARTER, str(tmp_path), "--quiet").code == 0
    first, second, *_ = parts_of(tmp_path)
    stranger = tmp_path / "messages_1999-01-01_1999-01-02.jsonl"
    stranger.touch()
    outcome = kauneonga("export", "verify", str(tmp_path))
    assert "move away what is not in the journal" in outcome.err
    assert "run the export's own command" not in outcome.err
    stranger.unlink()
    first.unlink()
    outcome = kauneonga("export", "verify", str(tmp_path))
    assert "run the export's own command again" in outcome.err
    assert "remove what is damaged" not in outcome.err
    before = second.stat()
    second.write_bytes(second.read_bytes().replace(b"a", b"b", 1))
    os.utime(second, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "remove what is damaged" in kauneonga("export", "verify", str(tmp_path)).err
    second.unlink()
    assert kauneonga(*QUARTER, str(tmp_path), "--quiet").code == 0
    assert kauneonga("export", "verify", str(tmp_path)).code == 0


def test_a_quiet_verify_tells_by_its_exit_code_alone(kauneonga: Run, tmp_path: Path) -> None:
    assert kauneonga(*QUARTER, str(tmp_path), "--quiet").code == 0
    assert kauneonga("export", "verify", str(tmp_path), "--quiet") == (0, "", "")
    parts_of(tmp_path)[0].unlink()
    assert kauneonga("export", "verify", str(tmp_path), "--quiet") == (1, "", "")


@pytest.mark.parametrize("command", ["messages -o", "recordings -o", "to-dos -o", "verify"])
@pytest.mark.parametrize(
    ("name", "said"), [("file", "is no folder"), ("link", "is a symbolic link that leads nowhere")]
)
def test_a_destination_that_is_no_folder_is_wrong_usage(
    kauneonga: Run, server: Sandbox, tmp_path: Path, command: str, name: str, said: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    outcome = kauneonga("export", *command.split(), str(tmp_path / name))
    assert outcome.code == 2
    place = "DEST" if command == "verify" else "--output"
    assert outcome.err == f"kauneonga: {place}: {tmp_path / name} {said}; a folder is needed\n"
    assert server.requests == []


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (31_800_000, "31.8 MB"), (2e15, "2000.0 TB")],
)
def test_bytes_are_said_as_people_say_them(size: float, said: str) -> None:
    assert amount(size) == said


@pytest.mark.parametrize(("count", "said"), [(0, "0 files"), (1, "1 file"), (2000, "2,000 files")])
def test_one_is_no_plural(count: int, said: str) -> None:
    assert counted(count, "file") == said


def test_the_demo_does_the_whole_and_says_what_it_did(kauneonga: Run, tmp_path: Path) -> None:
    outcome = kauneonga("demo", "--messages", "500", "--recordings", "3", "-o", str(tmp_path))
    assert outcome.code == 0
    assert "500 of 500, each once" in outcome.out
    assert "3 downloaded" in outcome.out
    assert "1 listed" in outcome.out
    ids = [json.loads(line)["id"] for line in lines_in(tmp_path / "messages")]
    assert sorted(ids) == list(range(1001, 1501))
    assert len(list((tmp_path / "recordings").glob("*.mp3"))) == 3


def test_a_port_that_is_taken_is_said_to_be(kauneonga: Run, server: Sandbox) -> None:
    port = server.base_url.split(":")[2].split("/")[0]
    outcome = kauneonga("sandbox", "--port", port)
    assert outcome.code == 1
    assert outcome.err == f"kauneonga: --port: {port} is in use; --port 0 takes one that is free\n"


def test_the_sandbox_says_how_to_reach_it_and_ends_with_ctrl_c() -> None:
    arguments = [*COMMAND, "sandbox", "--port", "0", "--messages", "5"]
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(arguments, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = dict(process.stdout.readline().removeprefix("export ").strip().split("=") for _ in range(2))

        async def count() -> int:
            async with KauneongaClient(told["KAUNEONGA_BASE_URL"], told["KAUNEONGA_TOKEN"]) as client:
                return len(await client.messages.list())

        assert asyncio.run(count()) == 5
        process.send_signal(2)
        process.communicate()
    assert process.returncode == 130


@pytest.mark.parametrize(
    "days",
    [["--from", "2025-01-01T00:00:00Z", "--to", "2025-02-01T00:00:00Z"], ["--from", "2024-12-31T23:00-05:00"]],
)
def test_the_sandbox_takes_an_instant_for_its_day_in_utc(days: list[str]) -> None:
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    arguments = [*COMMAND, "sandbox", "--port", "0", "--messages", "5", *days]
    with subprocess.Popen(arguments, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = dict(process.stdout.readline().removeprefix("export ").strip().split("=") for _ in range(2))

        async def first() -> date:
            async with KauneongaClient(told["KAUNEONGA_BASE_URL"], told["KAUNEONGA_TOKEN"]) as client:
                created = (await client.messages.list())[0].created_at
                assert created is not None
                return created.date()

        begun = asyncio.run(first())
        process.send_signal(2)
        process.communicate()
    assert date(2025, 1, 1) <= begun < date(2025, 4, 1)
