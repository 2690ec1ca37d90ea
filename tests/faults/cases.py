"""Cases: faults that are no answer of a server, each with a run of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

__all__ = ["CASES", "Case", "case"]

Run = Callable[[Path], Awaitable[None]]


class Case(NamedTuple):
    """One fault.

    Attributes:
        area: Where it belongs.
        fault: What is wrong, in words.
        outcome: What comes of it, in words.
        run: Runs into it, and makes sure that this is what comes of it. It is handed an empty folder.
    """

    area: str
    fault: str
    outcome: str
    run: Run


CASES: list[Case] = []


def case(area: str, fault: str, outcome: str) -> Callable[[Run], Run]:
    """Put a function into the table."""

    def register(run: Run) -> Run:
        CASES.append(Case(area, fault, outcome, run))
        return run

    return register
