"""The most memory that a process has had."""

from __future__ import annotations

import resource
import sys

__all__ = ["peak"]


def peak() -> int:
    """Return the largest resident set so far, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
