"""Dates as they are written on a command line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, TypeVar

import click

from kauneonga_async.cli.help import Option

__all__ = ["DAYS", "parse_date", "parse_day", "range_options"]

DAYS: Final = click.IntRange(1, timedelta.max.days)

Command = TypeVar("Command", bound=Callable[..., Any])


def parse_date(value: str) -> date:
    """Read ``2025-12-31``, ``12-31-2025`` as the API writes it, or an instant with an offset, ``2025-12-31T08:00Z``."""
    for form in ("%Y-%m-%d", "%m-%d-%Y"):
        try:
            return datetime.strptime(value, form).date()  # noqa: DTZ007 - a date
        except ValueError:
            continue
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no date like 2025-12-31 or 12-31-2025") from None
    if moment.tzinfo is None:
        raise click.BadParameter(f"{value!r} lacks an offset, like 2025-12-31T08:00Z")
    return moment


def parse_day(value: str) -> date:
    """Read a date as :func:`parse_date` does; of an instant, its day in UTC."""
    day = parse_date(value)
    if not isinstance(day, datetime):
        return day
    try:
        return day.astimezone(UTC).date()
    except OverflowError:
        raise click.BadParameter(f"{value!r} is on no day of UTC's") from None


def range_options(command: Command) -> Command:
    """Give a command ``--from``, ``--to`` and ``--window``."""
    for option in (
        click.option(
            "--window",
            cls=Option,
            type=DAYS,
            metavar="DAYS",
            help="Days to ask for at once.  [default: 7 to 31]",
        ),
        click.option(
            "--to", "last", type=parse_date, metavar="DATE", help="The last day, included; or an instant, not included."
        ),
        click.option(
            "--from",
            "first",
            type=parse_date,
            metavar="DATE",
            help="The first day, as 2025-01-31 or 01-31-2025; or an instant, as 2025-01-31T08:00Z.",
        ),
    ):
        command = option(command)
    return command
