"""Dates as they are written on a command line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar

import click

__all__ = ["DATE", "range_options"]

Command = TypeVar("Command", bound=Callable[..., Any])


class _Date(click.ParamType[date]):
    """``2025-12-31``, ``12-31-2025`` as the API writes it, or an instant with an offset, ``2025-12-31T08:00Z``."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        for form in ("%Y-%m-%d", "%m-%d-%Y"):
            try:
                return datetime.strptime(value, form).date()  # noqa: DTZ007 - a date
            except ValueError:
                continue
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date like 2025-12-31 or 12-31-2025", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{value!r} lacks an offset, like 2025-12-31T08:00Z", param, ctx)
        return moment


DATE = _Date()


def range_options(command: Command) -> Command:
    """Give a command ``--from``, ``--to`` and ``--window``."""
    for option in (
        click.option("--window", type=int, metavar="DAYS", help="Days to ask for at once.  [default: 7 to 31]"),
        click.option("--to", "last", type=DATE, metavar="DATE", help="The last day, included."),
        click.option("--from", "first", type=DATE, metavar="DATE", help="The first day, as 2025-01-31 or 01-31-2025."),
    ):
        command = option(command)
    return command
