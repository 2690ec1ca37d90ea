"""Limits: whether a list looks as if a server had cut it off in silence. Pure."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["USUAL_CAPS", "looks_cut"]

# Where programmers put a limit. A list of just so many records may have been cut there.
USUAL_CAPS: Final = frozenset({20, 25, 30, 50, 100, 150, 200, 250, 300, 500, 1000, 2000, 2500, 5000, 10_000})

# So many lists with just as many records each, and none with more, are one look worth.
TELLTALE_TIES: Final = 3

_HUNDREDS: Final = re.compile("[1-9]00+")


def looks_cut(total: int, ties: int, *, ends_early: bool) -> bool:
    """Tell whether one of the longest lists is worth a look, since it may have been cut off.

    Another each time that there are twice as many: the one that was looked at may have had just so many by chance.

    Args:
        total: Its records.
        ties: How many lists had as many, with this one.
        ends_early: Whether it stops a day or more short of what was asked for.
    """
    if total < min(USUAL_CAPS):
        return False
    is_round = total in USUAL_CAPS or total.bit_count() == 1 or _HUNDREDS.fullmatch(str(total)) is not None
    times, left = divmod(ties, 1 if is_round else TELLTALE_TIES)
    return (times.bit_count() == 1 and not left) or (is_round and ends_early)
