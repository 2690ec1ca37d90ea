"""The memory that a process has, and the most that it has had."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

__all__ = ["current", "peak"]


def peak() -> int:
    """Return the largest resident set so far, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def current() -> int:
    """Return the resident set, in bytes."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
