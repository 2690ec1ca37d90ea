"""Wording: what the SDK says of its arguments, in the command's words. Pure."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["in_the_command_s_words"]

_SAID_OTHERWISE: Final = {
    "answers": "--answer",
    "destination": "--output",
    "engine": "--dask",
    "from_": "--from",
    "from_date": "--from",
    "ids": "ID",
    "max_retries": "--retries",
    "schedule": "the schedule",
    "ssl_context": "--ca",
    "to_date": "--to",
    "token": "--token-file",
    "token_file": "--dask-token-file",  # of a worker's: the command's own names its options itself
}
_EXCLUSIVE: Final = "--to-date-exclusive"
_SUBJECT = re.compile(r"[a-z_]+(?:, [a-z_]+)*(?=: )")
_DATES = re.compile(r"\b(?:from_date|to_date)\b")
_DIFFERENCE = re.compile(r"(?:(?<=arguments: )|(?<=; ))[a-z_]+(?= was )")
_ADVICE = re.compile(r"\b(pass |say )?([a-z_]+)=(?:True|False|\.\.\.|'[^']*')")
_CALENDAR = re.compile(
    r"ServerCalendar\(timezone=(?:None|'([^']*)'), to_date_inclusive=(None|True|False), date_field='created_at'\)"
)


def in_the_command_s_words(message: str) -> str:
    """Return a message with the command's options in place of the arguments that it names.

    Args:
        message: What the SDK says, as ``to_date: it cannot stand without from_date``.
    """
    message = _CALENDAR.sub(_calendar, message).replace("state another calendar", "give another --timezone")
    message = _ADVICE.sub(_advice, message)
    subject = _SUBJECT.match(message)
    if subject is None:
        return message
    # Of what follows a call's name, a part may be the server's.
    told = _DATES.sub(lambda found: _option(found[0]), message[subject.end() :])
    if subject[0] == "destination":
        told = _DIFFERENCE.sub(lambda found: _option(found[0]), told)
    return ", ".join(map(_option, subject[0].split(", "))) + told


def _advice(found: re.Match[str]) -> str:
    option = _EXCLUSIVE if found[0].endswith("to_date_inclusive=False") else _option(found[2])
    return f"{'give ' if found[1] else ''}{option}"


def _calendar(found: re.Match[str]) -> str:
    """Return the options that state a calendar."""
    zone, inclusive = found.groups()
    stated = [f"--timezone {zone}"] if zone is not None else []
    if inclusive != "None":
        stated.append("--to-date-inclusive" if inclusive == "True" else _EXCLUSIVE)
    return " and ".join(stated) or "any --timezone"


def _option(name: str) -> str:
    return _SAID_OTHERWISE.get(name, f"--{name.replace('_', '-')}")
