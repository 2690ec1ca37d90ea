"""Events: each try, wait and give-up of a call, told to a hook and to the ``kauneonga_async`` logger.

An event holds nothing confidential: no token, no query, no body.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from kauneonga_async.transport.answer import Request

__all__ = ["Event", "EventHook", "Events", "Kind", "logger"]

logger: Final = logging.getLogger("kauneonga_async")

Kind = Literal["begin", "try", "wait", "give_up", "end"]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One step of one call.

    Attributes:
        kind: ``"try"`` (a request was answered, or failed), ``"wait"`` (before another try) or ``"give_up"``; for hooks
            that want calls also ``"begin"`` and ``"end"``, which frame all others of a call, however it ends.
        method: The HTTP method.
        host: The host that is asked.
        port: The port there.
        path: The URL's path, and ``"..."`` where it is on another host than the API's.
        request_id: The ``X-Request-Id`` that all tries of the call share.
        attempt: The number of the try, from 1.
        status: The HTTP status, if there was an answer.
        error: The name of the error's class, if the try failed; at the end also ``"CancelledError"``.
        seconds: What the try took, or the whole call, or how long the wait will be.
        throttled: Seconds for which the try had waited for its turn and for a place in flight.
        received: Inflated bytes that the try has read.
    """

    kind: Kind
    method: str
    host: str
    port: int | None
    path: str
    request_id: str
    attempt: int
    status: int | None = None
    error: str | None = None
    seconds: float = 0.0
    throttled: float = 0.0
    received: int = 0


EventHook = Callable[[Event], None]
"""Is called with each event. With a true attribute ``wants_calls`` it is told of beginnings and ends of calls too."""

_LEVELS: dict[Kind, int] = {"try": logging.DEBUG, "wait": logging.INFO, "give_up": logging.INFO}


class Events:
    """Tells events to whoever listens, and costs a comparison when nobody does.

    Attributes:
        frames_calls: Whether the hook is to be told of beginnings and ends.
    """

    def __init__(self, hook: EventHook | None) -> None:
        self._hook = hook
        self.frames_calls: bool = bool(getattr(hook, "wants_calls", False))

    @property
    def wanted(self) -> bool:
        """Whether anybody listens."""
        return self._hook is not None or logger.isEnabledFor(logging.INFO)

    def tell(self, kind: Kind, request: Request, **fields: Any) -> None:
        """Tell one event; an error of the hook's is logged and goes no further.

        Args:
            kind: See :class:`Event`, as for the fields.
            request: The call.
            fields: What is not the call's own.
        """
        event = Event(
            kind=kind,
            method=request.method,
            host=request.url.host or "",
            port=request.url.port,
            path="..." if request.foreign else request.url.path,
            request_id=request.request_id,
            attempt=request.attempts,
            **fields,
        )
        level = _LEVELS.get(event.kind)
        if level is not None and logger.isEnabledFor(level):
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
