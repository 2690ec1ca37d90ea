"""``kauneonga watch``: a change a line, or a command for each; it ends cleanly, and goes on where it ended."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kauneonga_async.sandbox import RandomFaults, Sandbox
from tests.cli.conftest import COMMAND, Run


@contextmanager
def watching(environment: dict[str, str], *arguments: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    command = [*COMMAND, "watch", "--interval", "0.01", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    with subprocess.Popen(command, env=environment, text=True, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_polls(server: Sandbox, count: int = 3) -> None:
    seen = len(server.requests)
    while len(server.requests) < seen + count:
        time.sleep(0.01)


def read_change(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    change: dict[str, Any] = json.loads(process.stdout.readline())
    return change


def at_work_in_group(group: int) -> list[str]:
    """Return the names of a group's processes but for those that have ended and were not waited for."""
    listed = subprocess.run(["ps", "-eo", "pgid,stat,comm"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()[1:]]
    return [name for pgid, state, name in rows if int(pgid) == group and not state.startswith("Z")]


def end(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 143
    assert "Traceback" not in said
    return said


def test_each_change_is_a_line_and_a_cursor_goes_on_where_it_ended(
    environment: dict[str, str], server: Sandbox, tmp_path: Path
) -> None:
    cursor = ("--cursor", str(tmp_path / "cursor.db"))
    with watching(environment, *cursor) as process:
        wait_for_polls(server)
        first = server.world.add(datetime.now(UTC))
        created = read_change(process)
        assert (created["kind"], created["message"]["id"]) == ("created", first)
        assert created["message"] == json.loads(server.world.message(first) or b"")
        server.world.edit(first, status="x")
        updated = read_change(process)
        assert updated["kind"] == "updated"
        assert updated["event_id"] != created["event_id"]
        wait_for_polls(server)
        end(process)
    second = server.world.add(datetime.now(UTC))
    with watching(environment, *cursor) as process:
        assert read_change(process)["message"]["id"] == second


def test_a_cursor_that_begins_another_account_says_so(
    environment: dict[str, str], server: Sandbox, config_folder: Path, tmp_path: Path
) -> None:
    (config_folder / "config.toml").write_text(
        "".join(
            f'[profiles.{name}]\nbase_url = "{server.base_url}"\ntoken_env = "KAUNEONGA_TOKEN"\n'
            for name in ("office", "clinic")
        )
    )
    cursor = ("--cursor", str(tmp_path / "cursor.db"))
    said = []
    for which in ((), (), ("--profile", "office"), ("--profile", "office"), ("--all-profiles",)):
        with watching(environment, *cursor, *which) as process:
            wait_for_polls(server)
            # What is told of is dealt with: the position is kept by then.
            server.world.add(datetime.now(UTC))
            read_change(process)
            said.append(end(process))
    begun = [line.split(" begins ")[1].split(" anew")[0] for line in "".join(said).splitlines() if " begins " in line]
    assert begun == [f"{server.base_url} office", f"{server.base_url} clinic"]
    assert [" begins " in text for text in said] == [False, False, True, False, True]
    assert "--start DATE" in said[2]


def test_a_command_is_run_for_each_change_until_it_has_dealt_with_it(
    environment: dict[str, str], server: Sandbox, tmp_path: Path
) -> None:
    script = tmp_path / "handle.sh"
    script.write_text(
        f"cd {tmp_path}; cat >> lines\n"
        'echo "$KAUNEONGA_KIND $KAUNEONGA_MESSAGE_ID $KAUNEONGA_EVENT_ID" >> told\n'
        "[ $(wc -l < told) -ge 2 ]\n"
    )
    with watching(environment, "--exec", f"sh {script}") as process:
        wait_for_polls(server)
        ids = [server.world.add(datetime.now(UTC)) for _ in range(2)]
        told = tmp_path / "told"
        while not told.exists() or len(told.read_text().splitlines()) < 3:
            time.sleep(0.01)
        said = end(process)
    lines = [json.loads(line) for line in (tmp_path / "lines").read_text().splitlines()]
    assert [line["message"]["id"] for line in lines] == [ids[0], ids[0], ids[1]]
    assert told.read_text().splitlines()[2] == f"created {ids[1]} {lines[2]['event_id']}"
    assert f"{lines[0]['event_id']} the command exited with 1; it is run again in 1 s" in said


def test_a_command_that_is_at_work_is_ended_with_the_watch_and_its_change_comes_again(
    environment: dict[str, str], server: Sandbox, tmp_path: Path
) -> None:
    cursor = ("--cursor", str(tmp_path / "cursor.db"))
    with watching(environment, *cursor, "--exec", f"echo $$ > {tmp_path}/pid; sleep 1000; true") as process:
        wait_for_polls(server)
        new = server.world.add(datetime.now(UTC))
        pid = tmp_path / "pid"
        while not pid.exists() or not pid.read_text().strip():
            time.sleep(0.01)
        end(process)
    assert at_work_in_group(int(pid.read_text())) == []
    with watching(environment, *cursor) as process:
        assert read_change(process)["message"]["id"] == new


def test_troubles_are_told_of_once_in_a_while_and_outlasted(environment: dict[str, str], server: Sandbox) -> None:
    with watching(environment, "--retries", "0") as process:
        wait_for_polls(server)
        server.configure(faults=RandomFaults(1.0, kinds=("502",)))
        wait_for_polls(server, 4)
        server.configure(faults=None)
        new = server.world.add(datetime.now(UTC))
        assert read_change(process)["message"]["id"] == new
        wait_for_polls(server)
        said = end(process)
    assert "polls failed: 1; the next is in" in said
    assert "is watched again" in said


def test_on_a_terminal_it_is_a_table(environment: dict[str, str], server: Sandbox) -> None:
    ours, theirs = pty.openpty()
    with watching({**environment, "COLUMNS": "100", "TERM": "dumb"}, stdout=theirs) as process:
        os.close(theirs)
        wait_for_polls(server)
        new = server.world.add(datetime.now(UTC), first_name="Ada", more=msgspec.Raw(b"1e400"))
        shown = ""
        while "Ada" not in shown:
            shown += os.read(ours, 65536).decode()
        process.kill()
    os.close(ours)
    assert "CHANGE" in shown
    assert "created" in shown
    assert str(new) in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ("--interval", "0"),
        ("--start", "yesterday"),
        ("--look-back", "-1"),
        ("--look-back", "9999999999"),
        ("--cursor", "/"),
        ("--cursor", ""),
        ("--exec", ""),
        ("--exec", " \n"),
    ],
)
def test_bad_arguments_are_wrong_usage(kauneonga: Run, server: Sandbox, arguments: tuple[str, str]) -> None:
    outcome = kauneonga("watch", *arguments)
    assert outcome.code == 2
    assert arguments[0].strip("-").replace("-", "_") in outcome.err.replace("-", "_")
    assert server.requests == []


def test_several_accounts_are_watched_at_once_and_one_that_is_refused_stops_no_other(
    environment: dict[str, str], server: Sandbox, tmp_path: Path
) -> None:
    folder = tmp_path / "config" / "kauneonga"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(
        "".join(
            f'[profiles.{name}]\nbase_url = "{server.base_url}"\ntoken_env = "{name.upper()}_TOKEN"\n'
            for name in ("north", "south", "closed")
        )
    )
    server.configure(more_tokens=frozenset({"n", "s"}))
    environment = {
        **environment,
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "NORTH_TOKEN": "n",
        "SOUTH_TOKEN": "s",
        "CLOSED_TOKEN": "c",
    }
    cursor = ("--cursor", str(tmp_path / "cursor.db"))
    with watching(environment, "--all-profiles", *cursor) as process:
        wait_for_polls(server, 20)
        new = server.world.add(datetime.now(UTC))
        changes = [read_change(process) for _ in range(2)]
        assert sorted(change["account"] for change in changes) == ["north", "south"]
        assert {change["message"]["id"] for change in changes} == {new}
        wait_for_polls(server)
        said = end(process)
    assert "kauneonga: closed: AuthenticationError" in said
    with watching(environment, "--profile", "north", *cursor) as process:
        later = server.world.add(datetime.now(UTC))
        assert read_change(process)["message"]["id"] in (new, later)  # the one that was in hand may come again
    only_closed = subprocess.run(
        [*COMMAND, "watch", "--profile", "closed"], env=environment, capture_output=True, check=False
    )
    assert only_closed.returncode == 1
