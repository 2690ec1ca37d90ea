"""Arguments: what an export was asked for, as its journal keeps it, to be asked for in the same way again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from secrets import token_hex
from typing import Any

from kauneonga_async import config
from kauneonga_async.client import KauneongaClient
from kauneonga_async.errors import ConfigurationError
from kauneonga_async.exporting.entries import Begun
from kauneonga_async.exporting.formats import Format

__all__ = ["check_account", "check_common", "describe", "fingerprint_of"]


def check_common(client: KauneongaClient, progress: Callable[[Any], None] | None, **flags: bool) -> None:
    """Make sure of the types of arguments that exports of all kinds have.

    Raises:
        TypeError: One is of the wrong type.
    """
    if not isinstance(client, KauneongaClient):
        raise TypeError(f"client: a KauneongaClient is needed, not {type(client).__name__}")
    if progress is not None:
        config.check_callback("progress", progress)
    for name, value in flags.items():
        config.check_flag(name, value)


def describe(
    client: KauneongaClient,
    from_date: date | None,
    to_date: date | None,
    window: timedelta | None,
    form: Format,
    answers: Sequence[str],
    *,
    details: bool,
) -> dict[str, str]:
    """Return what decides which records are in which part, and how they are written there."""
    calendar = client.calendar
    arguments = {
        "base_url": str(client.base_url),
        "from": _day(from_date),
        "to": _day(to_date),
        "window": "chosen" if window is None else f"{window.days} days",
        "format": form.ending,
        "details": "yes" if details else "no",
        "timezone": "unknown" if calendar.timezone is None else str(calendar.timezone),
        "to_date_inclusive": "unknown" if calendar.to_date_inclusive is None else str(calendar.to_date_inclusive),
    }
    return {**arguments, "answers": ", ".join(answers)} if answers else arguments


def fingerprint_of(client: KauneongaClient, salt: str | None = None) -> str:
    """Return what tells a client's account from others, and nothing else: a salt, and a digest of its token with it."""
    salt = salt or token_hex(8)
    return f"{salt}:{client.fingerprint(salt.encode()) or ''}"


def check_account(client: KauneongaClient, begun: Begun) -> None:
    """Make sure that an export was begun for the account that it is gone on with.

    Raises:
        ConfigurationError: It was another one's, or the account has another token now.
    """
    salt, _, before = begun.account.partition(":")
    now = fingerprint_of(client, salt).partition(":")[2]
    if before and now and before != now:
        raise ConfigurationError(
            "destination: it was begun with another token; if that was for the same account, say so with "
            "same_account=True, else choose another destination"
        )


def _day(value: date | None) -> str:
    if value is None:
        return "not given"
    return value.isoformat() if isinstance(value, datetime) else f"{value:%Y-%m-%d}"
