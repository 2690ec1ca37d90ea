"""Bearable: how many days a window may have, by which were too much for the server. Pure."""

from __future__ import annotations

__all__ = ["Bearable"]


class Bearable:
    """What the answers of a run have taught of how much may be asked for at once."""

    def __init__(self) -> None:
        self._most: int | None = None  # days; None while none are known to be too many
        self._suspected: int | None = None  # days of a window that was too much, for once

    def allows(self, days: int) -> bool:
        """Tell whether a window of so many days may be asked for."""
        return self._most is None or days <= self._most

    def exceeded(self, days: int, *, surely: bool) -> None:
        """Tell that a window of so many days, which was allowed, was too much: from now on half of that is allowed.

        Args:
            days: Its days.
            surely: Whether its size was the reason. If not, it is taken for the reason the second time.
        """
        if not surely:
            if self._suspected is None:
                self._suspected = days
                return
            days = max(days, self._suspected)
        self._most = (days + 1) // 2
        self._suspected = None

    def read(self, days: int) -> None:
        """Tell that a window of so many days was read: one that is no larger was too much for a moment only."""
        if self._suspected is not None and days >= self._suspected:
            self._suspected = None
