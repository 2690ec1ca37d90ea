"""Handler: a command of the user's that is run for a change, until it has dealt with it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING, Any, Final

import anyio
import click
import msgspec

from kauneonga_async.decoding import compact
from kauneonga_async.streams.channel import bare_error

if TYPE_CHECKING:
    from kauneonga_async import MessageChange

__all__ = ["Handler", "line_of"]

_FIRST_PAUSE: Final = 1.0  # seconds
_LONGEST_PAUSE: Final = 300.0  # seconds
_GRACE: Final = 5.0  # seconds that a command has to end when it is told to
_LOOK_AGAIN: Final = 0.05  # seconds


def line_of(change: MessageChange[Any], account: str | None) -> bytes:
    """Return a change as JSON on one line, the message as the server sent it.

    Args:
        change: The change.
        account: The name of its account, where there are several.
    """
    told = {"kind": change.kind, "event_id": change.event_id, "message": change.message}
    return compact(msgspec.json.encode(told if account is None else {"account": account, **told}))


class Handler:
    """Runs a command for each change.

    Args:
        command: What the shell runs. The change is on its stdin; its environment tells KAUNEONGA_KIND,
            KAUNEONGA_MESSAGE_ID and KAUNEONGA_EVENT_ID, and KAUNEONGA_ACCOUNT where there are several.
    """

    def __init__(self, command: str) -> None:
        self._command = command

    async def deal_with(self, change: MessageChange[Any], account: str | None) -> None:
        """Run the command, again and again with longer and longer pauses, until it exits with 0."""
        pause = _FIRST_PAUSE
        while (code := await self._run(change, account)) != 0:
            ended = f"exited with {code}" if code > 0 else f"was ended by signal {-code}"
            click.echo(
                f"kauneonga: for the change {change.event_id} the command {ended}; it is run again in {pause:g} s",
                err=True,
            )
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _run(self, change: MessageChange[Any], account: str | None) -> int:
        environment = {
            **os.environ,
            "KAUNEONGA_KIND": change.kind,
            "KAUNEONGA_MESSAGE_ID": str(change.id),
            "KAUNEONGA_EVENT_ID": change.event_id,
            **({} if account is None else {"KAUNEONGA_ACCOUNT": account}),
        }
        started: list[asyncio.subprocess.Process] = []

        async def start() -> None:
            with anyio.CancelScope(shield=True):
                # A group of its own: what the shell starts is ended with it.
                started.append(
                    await asyncio.create_subprocess_shell(
                        self._command, stdin=asyncio.subprocess.PIPE, env=environment, start_new_session=True
                    )
                )

        try:
            # A start that is cancelled half-way would leave behind what the shell has started by then.
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(start)
            await _tell(started[0], line_of(change, account) + b"\n")
        except BaseExceptionGroup as group:
            raise bare_error(group) from None
        except asyncio.CancelledError:
            if started:
                await _end(started[0])
            raise
        return started[0].returncode or 0


async def _tell(process: asyncio.subprocess.Process, line: bytes) -> None:
    """Hand a command its stdin, and wait until it has ended."""
    assert process.stdin is not None
    try:
        await process.communicate(line)
    except RuntimeError:
        # What uvloop raises, in place of BrokenPipeError, where a command has ended before it was told anything.
        if not process.stdin.is_closing():
            raise
        await process.wait()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Tell a command and all that it has started to end, and see to it that they do, also if this is cut short."""
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                _tell_group(process.pid, signal.SIGTERM)
                await process.wait()
                # What the shell has started may outlive it, and nobody tells when that ends.
                while _tell_group(process.pid, 0):  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK_AGAIN)
    finally:
        _tell_group(process.pid, signal.SIGKILL)
        with anyio.move_on_after(_GRACE, shield=True):  # whom we may not kill (sudo) nobody waits for
            await process.wait()


def _tell_group(group: int, told: int) -> bool:
    """Send a group of processes a signal; tell whether there was anybody to get it."""
    try:
        os.killpg(group, told)
    except (ProcessLookupError, PermissionError):  # macOS refuses where all have ended and were not waited for
        return False
    return True
