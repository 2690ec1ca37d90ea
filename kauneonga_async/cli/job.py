"""Running a command's coroutine, so that Ctrl-C and SIGTERM end it cleanly."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Final

__all__ = ["INTERRUPTED", "TERMINATED", "ReaderGone", "Terminated", "run"]

INTERRUPTED: Final = 130
TERMINATED: Final = 143

# Each cancels once more, and cuts short what was waited for. A third is Python's: raised where it finds the process,
# for whoever is kept waiting by a disk or a store that has stalled.
_INTERRUPTS_OBEYED: Final = 2


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
    from functools import partial

    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    told: type[BaseException] | None = None
    interrupts = 0

    def end(told_now: type[BaseException]) -> None:
        nonlocal told, interrupts
        told = told or told_now
        task.cancel()
        interrupts += told_now is KeyboardInterrupt
        if interrupts == _INTERRUPTS_OBEYED:
            loop.remove_signal_handler(signal.SIGINT)

    with contextlib.suppress(NotImplementedError):  # on Windows, where asyncio's own handler of Ctrl-C stays
        loop.add_signal_handler(signal.SIGTERM, partial(end, Terminated))
        # In place of asyncio's, whose second Ctrl-C is raised wherever the loop is, and in its closing, too: threads
        # that are not told to end are then waited for, for ever.
        loop.add_signal_handler(signal.SIGINT, partial(end, KeyboardInterrupt))
    try:
        await job
    except asyncio.CancelledError:
        if told is not None:
            raise told from None
        raise
