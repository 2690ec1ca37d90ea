"""What runs a command for each change, on either event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import uvloop

from kauneonga_async import MessageChange
from kauneonga_async.cli.handler import Handler


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
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
    change = MessageChange(kind="created", id=1, message=msgspec.Raw(b'{"id":1}'), digest="0" * 32)
    with asyncio.Runner(loop_factory=loop_factory) as loop:
        loop.run(Handler("handle").deal_with(change, None))
    assert "exited with 3" in capsys.readouterr().err
