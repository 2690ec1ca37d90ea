"""Who is compared: one module each, its functions named by what is measured; all import what they use, and no more."""

from typing import Final

__all__ = ["TIMES"]

TIMES: Final = 5  # a large body is read in one process: the first time counts, the fastest is told of
