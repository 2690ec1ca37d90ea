"""Table: one row a fault, with what comes of it on each surface that it can reach."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec

from kauneonga_async.errors import KauneongaError
from tests.wire import Exchange

__all__ = ["RETRIES", "SURFACES", "Fails", "Outcome", "Row", "Step", "Surface", "Works"]

Surface = Literal["get", "create", "stream"]
SURFACES: tuple[Surface, ...] = ("get", "create", "stream")

RETRIES = 2  # that the clients of the table are allowed
Step = Callable[[Exchange, bytes], Awaitable[None]]
"""What the server does with a request; it is handed what a proper answer's body would be."""


class Fails(msgspec.Struct, frozen=True):
    """The call ends in an error.

    Attributes:
        error: Its class.
        requests: How many were sent, if the fault is there each time. More than one: it is retried, and if the fault
            is there once only, the call works.
        says: What the error's text tells the reader.
    """

    error: type[KauneongaError]
    requests: int = 1
    says: str = ""

    def __str__(self) -> str:
        return f"`{self.error.__name__}`" + (f" after {self.requests}" if self.requests > 1 else "")


class Works(msgspec.Struct, frozen=True):
    """The call works all the same.

    Attributes:
        requests: How many were sent.
        records: How many records come out of a stream.
    """

    requests: int = 1
    records: int = 3

    def __str__(self) -> str:
        return "works" + (f" ({self.records} of 3 records)" if self.records != 3 else "")


Outcome = Fails | Works


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One fault.

    Attributes:
        fault: What the server does, in words.
        step: What it does.
        get: What comes of ``messages.get``; None where the fault cannot reach it.
        create: The same of ``to_dos.create``.
        stream: The same of ``messages.stream`` over one day.
        options: What the client is made with besides.
        pause: Seconds that pass between one request and the next, at the least.
        skipping: Whether it is a matter of one record, the others of which come out with ``on_invalid="skip"``.
    """

    fault: str
    step: Step
    get: Outcome | None = None
    create: Outcome | None = None
    stream: Outcome | None = None
    options: dict[str, Any] = {}
    pause: float = 0
    skipping: bool = False

    def outcome(self, surface: Surface) -> Outcome | None:
        """Return what comes of the fault on a surface."""
        found: Outcome | None = getattr(self, surface)
        return found
