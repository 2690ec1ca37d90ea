"""Budget: how much of what chance finds a run of the tests is to look for."""

from __future__ import annotations

import os

SHARE = int(os.environ.get("KAUNEONGA_TEST_SHARE", "1"))
"""One example in so many is tried, and one long test; for the last Python in CI, where the first tries all of them."""

KILLS = int(os.environ.get("KAUNEONGA_KILLS", "120")) // SHARE
"""How often processes are killed, at the least, over all formats."""


def examples(count: int) -> int:
    """Return how many examples to try in place of so many."""
    return max(5, count // SHARE)
