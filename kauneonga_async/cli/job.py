"""Running a command's coroutine, so that Ctrl-C and SIGTERM end it cleanly."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Final

__all__ = ["INTERRUPTED", "TERMINATED", "ReaderGone", "Terminated", "run"]

INTERRUPTED: Final = 130
TERMINATED: Final = 143


class Terminated(BaseException):
    """The process was told to end, by SIGTERM."""


class ReaderGone(BaseException):
    """Whoever read our output has closed it: ``kauneonga ... | head``."""


def run(job: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed, and the coroutine has cleaned up.
        Terminated: SIGTERM came, and the coroutine has cleaned up.
        ReaderGone: Nobody reads the output any more. click would call it a failure, and exit by itself.
    """
    import asyncio

    from kauneonga_async.cli.speed import inflate_with_isal, loop_factory

    inflate_with_isal()
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_until_told(job))
    except BrokenPipeError:
        raise ReaderGone from None


async def _until_told(job: Coroutine[Any, Any, None]) -> None:
    import asyncio
    import contextlib
    import signal

    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    told = False

    def end() -> None:
        nonlocal told
        told = True
        task.cancel()

    with contextlib.suppress(NotImplementedError):  # Windows knows no SIGTERM
        loop.add_signal_handler(signal.SIGTERM, end)
    try:
        await job
    except asyncio.CancelledError:
        if told:
            raise Terminated from None
        raise
