"""Texts: what is sent is text that UTF-8 can write; what is not is refused by its argument's name, and not shown."""

from __future__ import annotations

from typing import Any

import msgspec

from kauneonga_async import config

__all__ = ["check_text", "check_writable", "encode"]

_UNWRITABLE = "it holds half of a surrogate pair, which UTF-8 cannot write"


def check_text(name: str, text: str) -> str:
    """Return a text if it is one, and not blank.

    Raises:
        TypeError: It is no string.
        ValueError: It is blank, or cannot be written.
    """
    if not isinstance(text, str):
        raise TypeError(f"{name}: a string is needed, not {type(text).__name__}")
    if not text.strip():
        raise ValueError(f"{name}: it must not be empty")
    return check_writable(name, text)


def check_writable(name: str, text: str) -> str:
    """Return a string if UTF-8 can write it."""
    if not config.is_writable(text):
        raise ValueError(f"{name}: {_UNWRITABLE}")
    return text


def encode(name: str, content: Any) -> bytes:
    """Return what anything is as JSON."""
    try:
        return msgspec.json.encode(content)
    except UnicodeEncodeError:
        pass
    # Outside of the handler: what was raised holds the text.
    raise ValueError(f"{name}: {_UNWRITABLE}")
