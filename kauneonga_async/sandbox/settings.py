"""Settings: how the sandbox's server behaves, and what it notes of each request."""

from __future__ import annotations

import sys
from collections.abc import Collection
from typing import Final

import msgspec

from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.config import check_callback, check_count, check_flag
from kauneonga_async.sandbox.faults import FaultPlan

__all__ = ["RecordedRequest", "Settings"]


_CHOICES: Final = {"date_field": ("created_at", "updated_at"), "order": ("oldest", "newest", "mixed")}
_MOST_SKEW: Final = 1e9  # seconds, some thirty years: a clock beyond has no date that HTTP could write
_FLAGS: Final = ("to_date_inclusive", "filters", "retry_after", "compress", "etags", "not_modified", "keep_alive")


class Settings(msgspec.Struct, kw_only=True):
    """How the server behaves; it may be changed while it runs.

    Attributes:
        token: The token that is accepted; others are accepted too if they are in ``more_tokens``.
        more_tokens: See there.
        timezone: The IANA name of the zone that dates are in.
        to_date_inclusive: Whether the day of ``to_date`` is listed.
        date_field: The field that dates filter on: ``"created_at"``, or ``"updated_at"``.
        filters: Whether dates filter at all.
        order: ``"oldest"`` or ``"newest"`` first, or ``"mixed"``.
        cap: Records beyond which a list is silently cut off, or None.
        largest_range: Days beyond which a range is answered with 504, or None.
        latency: Seconds before each answer.
        bandwidth: Bytes a second for each answer, or None for as many as there can be.
        rate_limit: Requests a second, counted in whole seconds as Rack::Attack does; or None.
        retry_after: Whether a 429 says how long to wait.
        compress: Whether answers are compressed for clients that accept it.
        etags: Whether answers have ETags.
        not_modified: Whether a request with the same ETag is answered with 304.
        keep_alive: Whether connections are kept open.
        faults: What goes wrong.
        skew: Seconds by which the server's clock is ahead.

    Raises:
        TypeError: A setting is of the wrong type.
        ValueError: A setting has a value that cannot be.
    """

    token: str = "sandbox-token"  # noqa: S105 - of the sandbox
    more_tokens: Collection[str] = frozenset()
    timezone: str = "UTC"
    to_date_inclusive: bool = True
    date_field: str = "created_at"
    filters: bool = True
    order: str = "oldest"
    cap: int | None = None
    largest_range: int | None = None
    latency: float = 0.0
    bandwidth: float | None = None
    rate_limit: int | None = None
    retry_after: bool = True
    compress: bool = True
    etags: bool = True
    not_modified: bool = True
    keep_alive: bool = True
    faults: FaultPlan | None = None
    skew: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.token, str):
            raise TypeError(f"token: a string is needed, not {type(self.token).__name__}")
        _check_strings("more_tokens", self.more_tokens)
        if self.faults is not None:
            check_callback("faults", self.faults)
        ServerCalendar(timezone=self.timezone)  # which refuses a zone that there is not
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name}: one of {', '.join(choices)} is needed, not {getattr(self, name)!r}")
        for name in _FLAGS:
            check_flag(name, getattr(self, name))
        for name, least in (("cap", 0), ("largest_range", 1), ("rate_limit", 1)):
            if getattr(self, name) is not None:
                check_count(name, getattr(self, name), least=least)
        _check_number("latency", self.latency, least=0)
        if self.bandwidth is not None:
            _check_number("bandwidth", self.bandwidth, least=1)
        _check_number("skew", self.skew, least=-_MOST_SKEW, most=_MOST_SKEW)


def _check_strings(name: str, value: Collection[str]) -> None:
    # A string is a collection of strings, too: of its letters.
    if isinstance(value, str) or not isinstance(value, Collection):
        raise TypeError(f"{name}: a collection of strings is needed, not {type(value).__name__}")
    if not all(isinstance(one, str) for one in value):
        raise TypeError(f"{name}: each is to be a string")


def _check_number(name: str, value: float, *, least: float, most: float = sys.float_info.max) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name}: a number is needed, not {type(value).__name__}")
    if not least <= value <= most:
        raise ValueError(f"{name}: a number from {least:g} to {most:g} is needed")


class RecordedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that came, for tests to look at."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
