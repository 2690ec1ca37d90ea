"""Target: something that parses, and what must hold whatever it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

__all__ = ["Answer", "Target", "text_of"]


class Target(NamedTuple):
    """Something that parses.

    Attributes:
        attempt: Parses an input. It raises nothing but what is a finding.
        seeds: Inputs that are well made.
    """

    attempt: Callable[[bytes], None]
    seeds: list[bytes]


class Answer:
    """As much of an answer as parsers of headers look at."""

    def __init__(self, status: int = 200, **headers: str) -> None:
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def text_of(data: bytes) -> str:
    """Return a header's value as aiohttp hands it over."""
    return data.decode("utf-8", "surrogateescape")
