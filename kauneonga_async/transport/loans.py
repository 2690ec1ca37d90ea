"""Loans: places in flight that are taken back after a time, though what they were taken for has not ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from kauneonga_async import config

__all__ = ["Loan", "Loans"]


class Loan:
    """A place that one request has for a time."""

    __slots__ = ("began", "give_up")

    def __init__(self, give_up: Callable[[], None], began: float) -> None:
        self.give_up = give_up
        self.began = began


class Loans:
    """The loans of a client. One timer serves them all: that of the oldest."""

    def __init__(self) -> None:
        self._running: dict[Loan, None] = {}  # from old to new
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, give_up: Callable[[], None], now: float) -> Loan:
        """Lend a place that was taken just now, by the loop's clock; ``end`` must follow.

        Args:
            give_up: Gives the place to others.
            now: The time.
        """
        loan = Loan(give_up, now)
        self._running[loan] = None
        if self._timer is None:
            self._wait_for(loan)
        return loan

    def end(self, loan: Loan) -> None:
        """Give the place up, if it was not taken back."""
        if loan in self._running:
            del self._running[loan]
            loan.give_up()

    def _wait_for(self, loan: Loan) -> None:
        self._timer = asyncio.get_running_loop().call_at(loan.began + config.PLACE_SECONDS, self._take_back)

    def _take_back(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        while self._running:
            oldest = next(iter(self._running))
            if oldest.began + config.PLACE_SECONDS > now:
                self._wait_for(oldest)
                return
            self.end(oldest)
