"""ErrorAnswer: what a web application tells a browser of an error that its own call to Kauneonga met. Pure.

============================================= ====== =================================================
error                                         status because
============================================= ====== =================================================
NotFound                                      404    the browser asked for a record that is not there
InvalidRequest                                422    what was sent on, mostly the browser's, was refused
RateLimited; ServerError with 503             503    with ``Retry-After``, where the server said
ClientClosed                                  503    the application is shutting down
RequestTimeout; ServerError with 504          504
AuthenticationError, PermissionDenied         502    the application's token; no business of the browser's
ServerError, ConnectionFailed, DecodeError    502    Kauneonga is at fault, or the way to it
CalendarMismatch, IncompleteResult            502
OutcomeUnknown                                502    with a title of its own: not to be repeated blindly
any other StatusError                         502
ConfigurationError, and any other             500    the application is at fault
============================================= ====== =================================================

An answer holds a status, a fixed title, and nothing that came from Kauneonga. The error itself goes to the log.
"""

from __future__ import annotations

import logging
import math
from http import HTTPStatus

import msgspec

from kauneonga_async.errors import (
    CalendarMismatch,
    ClientClosed,
    ConnectionFailed,
    DecodeError,
    IncompleteResult,
    InvalidRequest,
    KauneongaError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    RequestTimeout,
    ServerError,
    StatusError,
)

__all__ = ["ErrorAnswer", "answer_for", "log_cut"]

_logger = logging.getLogger("kauneonga_async.integrations")

_TITLES = {
    HTTPStatus.NOT_FOUND: "There is no such record",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The values were refused",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The application failed",
    HTTPStatus.BAD_GATEWAY: "The service behind this application failed",
    HTTPStatus.SERVICE_UNAVAILABLE: "The service is busy: try again later",
    HTTPStatus.GATEWAY_TIMEOUT: "The service behind this application took too long",
}
_IN_DOUBT = "It may have been carried out: look before you send it again"


class ErrorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser is told.

    Attributes:
        status: The HTTP status.
        title: What happened, in words that are always the same.
        retry_after: Seconds after which to try again, if the server said.
    """

    status: int
    title: str
    retry_after: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers, of which the type says that the body is a problem (RFC 9457)."""
        headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        return headers

    @property
    def body(self) -> bytes:
        """The body: a JSON object with ``title`` and ``status``."""
        return msgspec.json.encode({"title": self.title, "status": self.status})


def answer_for(error: KauneongaError) -> ErrorAnswer:
    """Return what to tell the browser of an error, and log the error if it is not the browser's own.

    Args:
        error: What a call of the client's raised.
    """
    status = _status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _logger.error("answered with %d: %s: %s", status, type(error).__name__, error)
    return ErrorAnswer(
        status=status,
        title=_IN_DOUBT if isinstance(error, OutcomeUnknown) else _TITLES[status],
        retry_after=_seconds(error) if status == HTTPStatus.SERVICE_UNAVAILABLE else None,
    )


def log_cut(error: Exception) -> None:
    """Log that an answer was cut off half-way.

    Args:
        error: Why. What it says is logged if it is one of ours, for another's may be a message's text.
    """
    reason = f": {error}" if isinstance(error, KauneongaError) else ""
    _logger.error("cut off an answer: %s%s", type(error).__name__, reason)


def _status_of(error: KauneongaError) -> HTTPStatus:
    match error:
        case NotFound():
            return HTTPStatus.NOT_FOUND
        case InvalidRequest():
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case RateLimited() | ServerError(status=503) | ClientClosed():
            return HTTPStatus.SERVICE_UNAVAILABLE
        case RequestTimeout() | ServerError(status=504):
            return HTTPStatus.GATEWAY_TIMEOUT
        case StatusError() | ConnectionFailed() | DecodeError() | OutcomeUnknown():
            return HTTPStatus.BAD_GATEWAY
        case CalendarMismatch() | IncompleteResult():
            return HTTPStatus.BAD_GATEWAY
    return HTTPStatus.INTERNAL_SERVER_ERROR


def _seconds(error: KauneongaError) -> int | None:
    asked: float | None = getattr(error, "retry_after", None)
    return None if asked is None else math.ceil(asked)
