"""What runs a command for each change, on either event loop."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvloop

from kauneonga_async import MessageChange
from kauneonga_async.cli.handler import Handler

CHANGE = MessageChange(kind="created", id=1, message=msgspec.Raw(b'{"id":1}'), digest="0" * 32)

on_either_loop = pytest.mark.parametrize(
    "loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)


@on_either_loop
def test_a_command_that_ends_before_it_is_told_anything_is_run_again(
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    start = asyncio.create_subprocess_shell
    codes = iter((3, 0))

    async def start_and_wait(command: str, **options: Any) -> asyncio.subprocess.Process:
        process = await start(f"exit {next(codes)}", **options)
        await process.wait()
        return process

    monkeypatch.setattr("asyncio.create_subprocess_shell", start_and_wait)
    monkeypatch.setattr("kauneonga_async.cli.handler._FIRST_PAUSE", 0.0)
    with asyncio.Runner(loop_factory=loop_factory) as loop:
        loop.run(Handler("handle").deal_with(CHANGE, None))
    assert "exited with 3" in capsys.readouterr().err


def wait_until_gone(pid: int) -> None:
    """Wait until a process has ended, whether or not somebody has waited for it; fail if it is there for long."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
        if not state.strip() or state.startswith("Z"):
            return
    pytest.fail(f"process {pid} is there still")


async def end_when_it_works(command: str, pid: Path, *, times: int = 1) -> None:
    """Run a command, which writes its number into a file when it works, and cancel that."""
    task = asyncio.create_task(Handler(command).deal_with(CHANGE, None))
    while not pid.exists() or not pid.read_text().strip():
        await asyncio.sleep(0.01)
    for _ in range(times):
        await asyncio.sleep(0.01)
        task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


@on_either_loop
@pytest.mark.parametrize("form", ["{}", "{} & wait", "({} & wait)"])
def test_what_ignores_that_it_is_told_to_end_is_killed(
    form: str,
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr("kauneonga_async.cli.handler._GRACE", 0.1)
    pid = tmp_path / "pid"
    stubborn = f"sh -c \"trap '' TERM; echo \\$\\$ > {pid}; exec sleep 1000\""
    with asyncio.Runner(loop_factory=loop_factory) as loop:
        loop.run(end_when_it_works(form.format(stubborn), pid))
    wait_until_gone(int(pid.read_text()))


@on_either_loop
def test_whoever_will_not_wait_until_a_command_has_ended_leaves_none_behind(
    loop_factory: Callable[[], asyncio.AbstractEventLoop], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"
    start = asyncio.create_subprocess_shell
    started: list[asyncio.subprocess.Process] = []

    async def noted(*arguments: Any, **options: Any) -> asyncio.subprocess.Process:
        started.append(await start(*arguments, **options))
        return started[0]

    async def end_at_once() -> None:
        await end_when_it_works(f"trap '' TERM; echo $$ > {pid}; exec sleep 1000", pid, times=2)
        assert [process.returncode for process in started] == [-signal.SIGKILL]

    monkeypatch.setattr("asyncio.create_subprocess_shell", noted)
    with asyncio.Runner(loop_factory=loop_factory) as loop:
        loop.run(end_at_once())
    wait_until_gone(int(pid.read_text()))


def test_what_the_shell_has_started_has_its_time_to_end_though_the_shell_has_ended(tmp_path: Path) -> None:
    pid, done = tmp_path / "pid", tmp_path / "done"
    script = tmp_path / "handle.sh"
    script.write_text(f"trap 'sleep 0.2; echo done > {done}; exit' TERM\necho $$ > {pid}\nwhile :; do sleep 0.1; done")
    asyncio.run(end_when_it_works(f"sh {script} & wait", pid))
    assert done.read_text() == "done\n"


def test_a_command_that_cannot_be_started_is_told_of_by_the_system_s_own_error() -> None:
    async def deal_without_descriptors() -> None:
        least = os.dup(0)
        os.close(least)
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (least, limits[1]))
        try:
            await Handler("true").deal_with(CHANGE, None)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    with pytest.raises(OSError, match="Too many open files"):
        asyncio.run(deal_without_descriptors())
