"""Events: each try, wait and give-up of a call, told to a hook and to the ``kauneonga_async`` logger.

An event holds nothing confidential: no token, no query, no body.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal

import msgspec

__all__ = ["Event", "EventHook", "Events", "logger"]

logger = logging.getLogger("kauneonga_async")


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One step of one call.

    Attributes:
        kind: ``"try"`` (a request was answered, or failed), ``"wait"`` (before another try) or ``"give_up"``.
        method: The HTTP method.
        path: The URL's path.
        request_id: The ``X-Request-Id`` that all tries of the call share.
        attempt: The number of the try, from 1.
        status: The HTTP status, if there was an answer.
        error: The name of the error's class, if the try failed.
        seconds: What the try took, or how long the wait will be.
    """

    kind: Literal["try", "wait", "give_up"]
    method: str
    path: str
    request_id: str
    attempt: int
    status: int | None = None
    error: str | None = None
    seconds: float = 0.0


EventHook = Callable[[Event], None]

_LEVELS = {"try": logging.DEBUG, "wait": logging.INFO, "give_up": logging.INFO}


class Events:
    """Tells events to whoever listens, and costs a comparison when nobody does."""

    def __init__(self, hook: EventHook | None) -> None:
        self._hook = hook

    @property
    def wanted(self) -> bool:
        """Whether anybody listens."""
        return self._hook is not None or logger.isEnabledFor(logging.INFO)

    def tell(self, event: Event) -> None:
        """Tell one event; an error of the hook's is logged and goes no further."""
        level = _LEVELS[event.kind]
        if logger.isEnabledFor(level):
            logger.log(
                level,
                "%s %s %s: attempt %d%s%s, %.3f s (request id %s)",
                event.kind,
                event.method,
                event.path,
                event.attempt,
                "" if event.status is None else f", status {event.status}",
                "" if event.error is None else f", {event.error}",
                event.seconds,
                event.request_id,
            )
        if self._hook is not None:
            try:
                self._hook(event)
            except Exception:
                logger.exception("the event hook failed")
