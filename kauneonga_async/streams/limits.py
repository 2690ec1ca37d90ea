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


def looks_cut(total: int, ties: int, *, is_overlapped: bool, ends_early: bool) -> bool:
    """Tell whether one of the longest lists is worth a look, since it may have been cut off.

    Where others' answers hold its ends too, little can be lost unseen: one that ends early is worth it if its length is
    a round number, and the third of several. Where nothing else would show it, each is whose length is a round number:
    hardly an account's longest lists are just so long, but where they are cut off, and then some may have as many by
    chance. Of others one is if there are three, and each time that these are twice as many.

    Args:
        total: Its records.
        ties: How many lists had as many, with this one.
        is_overlapped: Whether others' answers hold its ends too.
        ends_early: Whether it begins a day or more late, or ends a day or more early.
    """
    if total < FEWEST:
        return False
    is_round = total in USUAL_CAPS or total.bit_count() == 1 or _HUNDREDS.fullmatch(str(total)) is not None
    if is_overlapped:
        return ties == TELLTALE_TIES or (is_round and ends_early)
    times, left = divmod(ties, TELLTALE_TIES)
    return is_round or (times.bit_count() == 1 and not left)
