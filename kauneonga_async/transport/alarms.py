"""Alarms: what happens when a time is over, unless it is called off. Those that last equally long share a timer."""

from __future__ import annotations

import asyncio

__all__ = ["Alarm", "Alarms"]


class Alarm:
    """Rings when its time is over. To be derived from."""

    __slots__ = ("due", "row")

    due: float
    row: _Row

    def ring(self) -> None:
        """Do what is to be done then. It must not block, and must not raise."""
        raise NotImplementedError

    @property
    def is_set(self) -> bool:
        """Whether it will ring."""
        return self in self.row.waiting

    def call_off(self) -> bool:
        """Do not ring any more; return whether it had not rung yet."""
        waiting = self.row.waiting
        if self in waiting:
            del waiting[self]
            return True
        return False


class Alarms:
    """The alarms of a client. A timer for each would cost a request a tenth of what it costs."""

    def __init__(self) -> None:
        self._rows: dict[float, _Row] = {}

    def set(self, alarm: Alarm, seconds: float, now: float) -> None:
        """Set an alarm, once.

        Args:
            alarm: What is to happen.
            seconds: After which time.
            now: The present, by the loop's clock.
        """
        row = self._rows.get(seconds)
        if row is None:
            row = self._rows[seconds] = _Row(seconds, self._rows)
        alarm.due, alarm.row = now + seconds, row
        row.waiting[alarm] = None
        if row.timer is None:
            row.start(alarm)


class _Row:
    """Alarms that last equally long, from old to new. The timer is that of the oldest, or of one before it."""

    __slots__ = ("_rows", "_seconds", "timer", "waiting")

    def __init__(self, seconds: float, rows: dict[float, _Row]) -> None:
        self.waiting: dict[Alarm, None] = {}
        self.timer: asyncio.TimerHandle | None = None
        self._seconds = seconds
        self._rows = rows

    def start(self, oldest: Alarm) -> None:
        self.timer = asyncio.get_running_loop().call_at(oldest.due, self._ring)

    def _ring(self) -> None:
        now = asyncio.get_running_loop().time()
        while self.waiting:
            oldest = next(iter(self.waiting))
            if oldest.due > now:
                self.start(oldest)
                return
            del self.waiting[oldest]
            oldest.ring()
        del self._rows[self._seconds]
