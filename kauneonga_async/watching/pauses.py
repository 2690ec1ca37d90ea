"""Pauses: how long a watch waits for its next poll, and which errors it outlasts. Pure, but for chance."""

from __future__ import annotations

import random
from typing import Final

from kauneonga_async import config
from kauneonga_async.errors import (
    ConnectionFailed,
    DecodeError,
    KauneongaError,
    RateLimited,
    RequestTimeout,
    ServerError,
    StatusError,
)
from kauneonga_async.transport import RETRIED_STATUSES

__all__ = ["after_failure", "between_polls", "will_pass"]

_JITTER: Final = 0.1  # of the interval, by which a wait is lengthened at the most
_LONGEST_BACKOFF: Final = 300.0  # seconds


def between_polls(interval: float) -> float:
    """Return the seconds from one poll's beginning to the next's: never less than asked for."""
    return interval * (1.0 + _JITTER * random.random())  # noqa: S311 - jitter


def after_failure(error: KauneongaError, failures: int, interval: float) -> float:
    """Return the seconds to wait after a poll that failed: full jitter over the interval, under a doubling ceiling.

    Args:
        error: What it ended in.
        failures: How many have failed in a row, with this one.
        interval: Seconds between two polls.
    """
    ceiling = min(_LONGEST_BACKOFF, interval * 2.0 ** min(failures, 30))
    wait = interval + random.random() * max(0.0, ceiling - interval)  # noqa: S311 - jitter
    asked = getattr(error, "retry_after", None) or 0.0
    return max(wait, min(asked, config.LONGEST_PATIENCE))


def will_pass(error: KauneongaError, *, was_reached: bool) -> bool:
    """Tell whether to go on after an error: the trouble is the network's or the server's, and may end by itself.

    Args:
        error: What a poll ended in.
        was_reached: Whether the server has answered before: if so, a host name that is not found now is an outage.
    """
    match error:
        case ConnectionFailed():
            return not error.permanent or (was_reached and error.phase == "resolve")
        case RequestTimeout() | RateLimited() | ServerError():
            return True
        case StatusError():
            return error.status in RETRIED_STATUSES
        case DecodeError():
            return error.malformed  # cut short, or the page of a proxy: asking again may mend it
    return False
