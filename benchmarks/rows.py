"""Row: one measured figure, and what is aimed at."""

from __future__ import annotations

import msgspec

__all__ = ["Row"]


class Row(msgspec.Struct, kw_only=True):
    """One measured figure.

    Attributes:
        what: What was measured, and against what.
        result: The figure.
        target: What is aimed at; None where the figure is for comparison alone.
        unit: Of both: ``"x"`` for a ratio.
        at_least: Whether more is better; else less is.
        processor: The processor's time that ours took for the same, over the peer's; None where it was not measured.
        details: What it was computed from.
        series: The picture that it is a part of (pictures.py), if it is of one.
        at: Where it stands in that picture, if it runs over something: megabytes of a body.
    """

    what: str
    result: float
    target: float | None = None
    unit: str = "x"
    at_least: bool = False
    processor: float | None = None
    details: dict[str, float] = {}
    series: str = ""
    at: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the target, if there is one, is met."""
        if self.target is None:
            return True
        return self.result >= self.target if self.at_least else self.result <= self.target

    def __str__(self) -> str:
        aim = "" if self.target is None else f"{'>=' if self.at_least else '<='} {self.target:g} {self.unit}"
        used = "" if self.processor is None else f"{self.processor:.2f} x"
        missed = "" if self.is_met else "MISSED"
        return f"{self.what:76}{self.result:>8.2f} {self.unit:2}{aim:>11}{used:>8}  {missed}".rstrip()
