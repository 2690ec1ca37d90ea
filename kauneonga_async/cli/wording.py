"""Wording: what the SDK says of its arguments, in the command's words. Pure."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["in_the_command_s_words"]

_SAID_OTHERWISE: Final = {
    "destination": "--output",
    "from_date": "--from",
    "ids": "ID",
    "max_retries": "--retries",
    "to_date": "--to",
    "token": "--token-file",
}
_SUBJECT = re.compile(r"[a-z_]+(?:, [a-z_]+)*(?=: )")
_DATES = re.compile(r"\b(?:from_date|to_date)\b")
_ADVICE = re.compile(r"\b(pass |say )?([a-z_]+)=(?:True|\.\.\.|'[^']*')")


def in_the_command_s_words(message: str) -> str:
    """Return a message with the command's options in place of the arguments that it names.

    Args:
        message: What the SDK says, as ``to_date: it cannot stand without from_date``.
    """
    message = _ADVICE.sub(lambda found: f"{'give ' if found[1] else ''}{_option(found[2])}", message)
    subject = _SUBJECT.match(message)
    if subject is None:
        return message
    # Of what follows a call's name, a part may be the server's.
    told = _DATES.sub(lambda found: _option(found[0]), message[subject.end() :])
    return ", ".join(map(_option, subject[0].split(", "))) + told


def _option(name: str) -> str:
    return _SAID_OTHERWISE.get(name, f"--{name.replace('_', '-')}")
