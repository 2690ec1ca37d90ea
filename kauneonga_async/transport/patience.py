"""Patience: how long something may be waited for: as ``asyncio.timeout``, at a fraction of what a timer costs."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from math import ceil
from types import TracebackType
from typing import Final, Self

from kauneonga_async.transport.alarms import Alarm, Alarms

__all__ = ["ENDLESS", "Patience"]

ENDLESS: Final = nullcontext()  # for what something else bounds


class Patience(Alarm):
    """Ends what is within its ``with`` block when the time is over, by a TimeoutError. It is entered once.

    Args:
        alarms: The client's.
        seconds: How long the block may last.

    Attributes:
        is_over: Whether the time is over: if not, a TimeoutError is somebody else's.
    """

    __slots__ = ("_alarms", "_cancelling", "_excused", "_is_stopped", "_seconds", "_task", "is_over")

    def __init__(self, alarms: Alarms, seconds: float) -> None:
        self.is_over: bool = False
        self._alarms = alarms
        self._seconds = seconds
        self._excused = 0.0  # seconds that the alarm, as it is set, does not know of yet
        self._is_stopped = False

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        self._alarms.set(self, self._seconds, asyncio.get_running_loop().time())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.call_off():
            return
        # Where others have cancelled the task too, it is they who are obeyed.
        if self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def stop(self) -> None:
        """End nothing until ``go_on``."""
        self._is_stopped = True

    def go_on(self) -> None:
        """End it again when its time is over."""
        self._is_stopped = False
        if not self.is_set:
            self._set_anew()

    def excuse(self, seconds: float) -> None:
        """Let the block last so much longer."""
        self._excused += seconds

    def ring(self) -> None:
        """End what is within, if its time is really over."""
        if self._is_stopped:
            return
        if self._excused > 0:
            # Only now: nearly all end before, and an alarm that lasts as long as no other has a timer of its own.
            self._set_anew()
            return
        self.is_over = True
        self._task.cancel()

    def _set_anew(self) -> None:
        excused, self._excused = self._excused, 0.0
        # Many that waited for nearly as long share a timer.
        self._alarms.set(self, ceil(10 * excused) / 10, self.due)
