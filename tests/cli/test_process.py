"""The command as a process: told to end while it waits, its streams closed, its reader stalled or gone."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import termios
import time
from array import array
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kauneonga_async.sandbox import Sandbox
from tests.cli.conftest import COMMAND, CREATION


def state_of(pid: int) -> str:
    return subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(("told", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("command", ["messages list", "to-dos list", "recordings list", "watch", "doctor"])
def test_a_command_that_waits_for_its_token_ends_when_it_is_told_to(
    environment: dict[str, str], tmp_path: Path, command: str, told: int, code: int
) -> None:
    pipe = tmp_path / "token"
    os.mkfifo(pipe)
    arguments = [*COMMAND, *command.split(), "--token-file", str(pipe)]
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        ours = None
        while ours is None:
            with suppress(OSError):  # nobody has opened it to read
                ours = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        # It reads when it sleeps: Python lets go by what comes in the moment before that.
        while not state_of(process.pid).startswith("S"):
            pass
        process.send_signal(told)
        try:
            _, err = process.communicate(timeout=20)
        finally:
            process.kill()
    os.close(ours)
    assert process.returncode == code
    assert err.decode().strip() in ("kauneonga: interrupted", "kauneonga: terminated")


@pytest.mark.parametrize(("told", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_being_told_to_end_is_clean(environment: dict[str, str], server: Sandbox, told: int, code: int) -> None:
    server.settings.bandwidth = 1000
    arguments = [*COMMAND, "messages", "list"]
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while not server.requests:
            os.sched_yield()
        process.send_signal(told)
        _, err = process.communicate()
    assert process.returncode == code
    assert err.decode() in ("kauneonga: interrupted\n", "\nkauneonga: interrupted\n", "kauneonga: terminated\n")


@pytest.mark.parametrize("gap", [0, 0.0002, 0.0005, 0.001, 0.003, 0.02])
@pytest.mark.parametrize(
    "command",
    [
        "watch --interval 0.01 --cursor {folder}/cursor",
        "export messages --from 2025-01-01 --to 2025-03-31 --window 1 --concurrency 2 -o {folder}",
    ],
    ids=["watch", "export"],
)
def test_ctrl_c_twice_ends_a_command_whatever_lies_between(
    environment: dict[str, str], server: Sandbox, tmp_path: Path, command: str, gap: float
) -> None:
    server.settings.latency = 0.05
    arguments = [*COMMAND, *command.format(folder=tmp_path).split()]
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while len(server.requests) < 3:
            assert process.poll() is None
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        until = time.perf_counter() + gap
        while time.perf_counter() < until:
            pass
        process.send_signal(signal.SIGINT)
        try:
            _, err = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, err.decode().strip().splitlines()[0]) == (130, "kauneonga: interrupted")
    assert b"Traceback" not in err
    assert not list(tmp_path.glob("*.part"))


def test_ctrl_c_again_and_again_ends_a_command_whose_disk_has_stalled(
    environment: dict[str, str], tmp_path: Path
) -> None:
    program = """
import threading
from kauneonga_async.cli import main
from kauneonga_async.exporting.destinations import folder

def stall(path):
    print("stalled", flush=True)
    threading.Event().wait()

folder.make_folder = stall
main()
"""
    arguments = [sys.executable, "-c", program, "export", "messages", "-o", str(tmp_path)]
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            for _ in range(20):
                process.send_signal(signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=0.2)
                    break
        finally:
            process.kill()
    assert process.returncode == 130


@pytest.mark.parametrize("words", [["messages", "list"], ["doctor"]], ids=" ".join)
def test_a_reader_who_has_had_enough_is_no_error(environment: dict[str, str], words: list[str]) -> None:
    arguments = [*COMMAND, *words]
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("arguments", "code"), [("messages list --limit 1", 0), ("messages list --to 2025-01-01", 2), ("--help", 0)]
)
def test_a_stream_that_is_closed_is_as_if_nobody_wrote_or_read(
    environment: dict[str, str], closed: str, arguments: str, code: int
) -> None:
    shell = ["sh", "-c", f'"$@" {arguments} {closed}', "sh", *COMMAND]
    done = subprocess.run(shell, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("told", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_reader_who_has_stalled_does_not_keep_a_command_from_ending(
    environment: dict[str, str], server: Sandbox, told: int, code: int
) -> None:
    for _ in range(300):
        server.world.add(datetime.now(UTC), content="x" * 1000)
    arguments = [*COMMAND, "messages", "list"]
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        while bytes_held(process.stdout.fileno()) < 60_000:  # of the 64 KiB that a pipe takes
            pass
        process.send_signal(told)
        try:
            assert process.wait(timeout=20) == code
        finally:
            process.kill()
        assert process.stderr is not None
        said = process.stderr.read().decode()
    assert said.strip() in ("kauneonga: interrupted", "kauneonga: terminated")


PAGE = 4096  # bytes, what a pipe's room is counted in


def pipe_with_a_page_left() -> tuple[int, int]:
    """Return the ends of a pipe that has room for a page, and then for nothing until somebody reads."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * PAGE)
    os.set_blocking(writer, True)
    os.read(reader, PAGE)
    return reader, writer


def bytes_held(reader: int) -> int:
    held = array("i", [0])
    fcntl.ioctl(reader, termios.FIONREAD, held)
    return held[0]


@pytest.mark.parametrize(("told", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize(
    "arguments",
    [
        # Two such paths fit into a page, and the third does not.
        ("recordings", "download", "--all", "-o", "/".join(["a" * 240] * 8)),
        (*CREATION, "--time=9:00 AM", f"--message-text={'x' * 2 * PAGE}"),
    ],
    ids=["download", "creation"],
)
def test_a_reader_who_has_stalled_keeps_neither_a_download_nor_a_creation_from_ending(
    environment: dict[str, str], tmp_path: Path, arguments: tuple[str, ...], told: int, code: int
) -> None:
    reader, writer = pipe_with_a_page_left()
    stalled = bytes_held(reader) + PAGE - 300
    command = [*COMMAND, *arguments]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=writer, stderr=subprocess.PIPE) as process:
        while bytes_held(reader) < stalled:
            assert process.poll() is None
        # It is in the midst of writing when it sleeps.
        while not state_of(process.pid).startswith("S"):
            pass
        process.send_signal(told)
        try:
            assert process.wait(timeout=10) == code
        finally:
            process.kill()
    os.close(reader)
    os.close(writer)
