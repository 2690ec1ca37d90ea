"""Cover: intervals of time, and whether they hold an instant, or all of a window. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime

from kauneonga_async.windows import Window

__all__ = ["Cover"]


class Cover:
    """A set of intervals, each from an instant to before another.

    Args:
        windows: The windows whose intervals these are.
    """

    def __init__(self, windows: Iterable[Window]) -> None:
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []
        for start, end in sorted((window.start, window.end) for window in windows if window.end is not None):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(end, self._ends[-1])
            else:
                self._starts.append(start)
                self._ends.append(end)

    @property
    def edges(self) -> set[datetime]:
        """The instants at which an interval begins or ends, and none meets it."""
        return {*self._starts, *self._ends}

    def end_after(self, instant: datetime) -> datetime | None:
        """Return the end of the interval that holds an instant, or None if none does."""
        index = bisect_right(self._starts, instant) - 1
        return self._ends[index] if index >= 0 and instant < self._ends[index] else None

    def holds(self, window: Window) -> bool:
        """Tell whether all of a window's instants lie in it."""
        end = self.end_after(window.start)
        return end is not None and window.end is not None and window.end <= end
