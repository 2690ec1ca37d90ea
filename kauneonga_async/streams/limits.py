"""Limits: whether a list looks as if a server had cut it off in silence. Pure."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["FEWEST", "USUAL_CAPS", "looks_cut"]

# Where programmers put a limit. A list of just so many records may have been cut there.
USUAL_CAPS: Final = frozenset({20, 25, 30, 50, 100, 150, 200, 250, 300, 500, 1000, 2000, 2500, 5000, 10_000})

# No server is thought to cut its lists off at fewer records.
FEWEST: Final = min(USUAL_CAPS)

# So many lists with just as many records each, and none with more, are one look worth whatever the number is.
TELLTALE_TIES: Final = 3

_HUNDREDS: Final = re.compile("[1-9]00+")


def looks_cut(total: int, ties: int) -> bool:
    """Tell whether one of the longest lists is worth a look, since it may have been cut off.

    Any is whose length is a round number: hardly an account's longest lists are just so long, but where they are cut
    off, and then some may have as many by chance. Others are if there are three, and each time that these are twice as
    many.

    Args:
        total: Its records.
        ties: How many lists had as many, with this one.
    """
    if total < FEWEST:
        return False
    if total in USUAL_CAPS or total.bit_count() == 1 or _HUNDREDS.fullmatch(str(total)):
        return True
    times, left = divmod(ties, TELLTALE_TIES)
    return times.bit_count() == 1 and not left
