"""The memory that a process has, and the most that it has had."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

__all__ = ["begin_anew", "current", "peak"]

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def begin_anew() -> int:
    """Forget the largest resident set so far, where the system can, and return what it is from now on, in bytes.

    What a process needed while it imported would else hide what it needs afterwards.
    """
    if _CLEAR.exists():
        _CLEAR.write_text("5", encoding="ascii")  # proc(5)
    return peak()


def peak() -> int:
    """Return the largest resident set so far, in bytes."""
    if _STATUS.exists():
        (line,) = (line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def current() -> int:
    """Return the resident set, in bytes."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
