"""ServerClock: what time it is on the server, by its answers. Pure, but for a look at our own clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["ServerClock"]

# An open range is asked to the day after tomorrow: so much may we be wrong and miss nothing.
_BORNE: Final = timedelta(hours=1)

# Servers behind one address may differ among themselves: after so many corrections in a row we go on with the last.
_MOST_CORRECTIONS: Final = 3


class ServerClock:
    """The server's present: our own clock, corrected by each answer's ``Date``.

    Our clock may be days off, may jump, and may have stood still with the machine: an answer tells.
    """

    def __init__(self) -> None:
        self._offset = timedelta()
        self._corrections = 0

    def now(self) -> datetime:
        """Return the present, to the best of our knowledge."""
        return self.theirs(self.ours())

    def theirs(self, ours: datetime) -> datetime:
        """Return what the server's clock shows, to the best of our knowledge, when ours shows a time."""
        return ours + self._offset

    @staticmethod
    def ours() -> datetime:
        """Return the present by our own clock."""
        return datetime.fromtimestamp(time.time(), UTC)

    def learn(self, date: datetime | None) -> bool:
        """Correct the clock by an answer's date, if it has one.

        Returns:
            Whether it was so wrong that what was asked for may not have been what was meant.
        """
        if date is None:
            return False
        error = date - self.now()
        self._offset += error
        if abs(error) <= _BORNE:
            self._corrections = 0
            return False
        self._corrections += 1
        return self._corrections <= _MOST_CORRECTIONS
