"""Every error a caller can meet, in one tree.

::

    KauneongaError
    ├── ConfigurationError      the client cannot be built from what it was given (also a ValueError)
    ├── ClientClosed            the client was used after it was closed
    ├── WrongEventLoop          the client belongs to another event loop
    ├── ConnectionFailed        the exchange broke before a whole answer was read
    ├── RequestTimeout          no whole answer came in the time allowed
    ├── StatusError             the server answered, and the answer is a refusal
    │   ├── AuthenticationError   the token was refused (401, or 404 "Invalid token")
    │   ├── PermissionDenied      403
    │   ├── NotFound              404
    │   ├── InvalidRequest        400, 422
    │   ├── RateLimited           429, or a pause longer than may be waited
    │   └── ServerError           5xx
    ├── OutcomeUnknown          a creation that may or may not have happened
    ├── DecodeError             the answer is not what the API promises
    ├── CalendarMismatch        the server's dates do not mean what the calendar says
    ├── IncompleteResult        the server holds records that it would not list
    └── DestinationLocked       another process writes to the same destination

A wrong type is a plain :class:`TypeError` and a wrong value a plain :class:`ValueError`, raised before any
request is made. No error shows a token or a message's text in its str, its repr or its pickle.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "AuthenticationError",
    "CalendarMismatch",
    "ClientClosed",
    "ConfigurationError",
    "ConnectionFailed",
    "DecodeError",
    "DestinationLocked",
    "IncompleteResult",
    "InvalidRequest",
    "KauneongaError",
    "NotFound",
    "OutcomeUnknown",
    "PermissionDenied",
    "RateLimited",
    "RequestTimeout",
    "ServerError",
    "StatusError",
    "WrongEventLoop",
]


def __dir__() -> list[str]:
    return sorted(__all__)


class KauneongaError(Exception):
    """Base of everything this package raises about the API.

    Attributes:
        request_id: The ``X-Request-Id`` of the call, by which the server's logs can be searched, where one
            was made.
    """

    request_id: str | None = None

    def __init__(self, message: str = "", *, request_id: str | None = None) -> None:
        super().__init__(message)
        if request_id is not None:
            self.request_id = request_id


class ConfigurationError(KauneongaError, ValueError):
    """The client cannot be built from the arguments and the environment it was given."""


class ClientClosed(KauneongaError):
    """The client was closed, before the call or while it ran."""


class WrongEventLoop(KauneongaError):
    """The client is bound to the event loop it was first used in, and this is another."""


class ConnectionFailed(KauneongaError):
    """The exchange broke before a whole answer was read.

    Attributes:
        phase: Where it broke: ``"resolve"``, ``"connect"``, ``"tls"``, ``"proxy"``, ``"exchange"`` (the
            request was on its way or sent, and no answer came) or ``"body"`` (the answer stopped short).
        sent: Whether any of the request may have reached the server.
        permanent: Whether the same request must fail in the same way (an untrusted certificate, say).
    """

    def __init__(
        self,
        message: str = "",
        *,
        phase: str = "exchange",
        sent: bool = True,
        permanent: bool = False,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, request_id=request_id)
        self.phase = phase
        self.sent = sent
        self.permanent = permanent


class RequestTimeout(KauneongaError):
    """No whole answer came in the time allowed.

    Attributes:
        timeout: Seconds that were allowed.
        sent: Whether any of the request may have reached the server.
    """

    def __init__(
        self,
        message: str = "",
        *,
        timeout: float | None = None,
        sent: bool = True,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, request_id=request_id)
        self.timeout = timeout
        self.sent = sent


class StatusError(KauneongaError):
    """The server answered, and its answer is a refusal.

    Attributes:
        status: The HTTP status (200 where the body said ``"success": false``).
        info: The server's own explanation, the body's ``info``, where it gave one.
        method: The HTTP method.
        url: The URL, without a query that could hold a secret.
        body: Up to 64 KiB of the body. It may hold a message's text: no str, repr, log or pickle shows it.
    """

    def __init__(
        self,
        message: str = "",
        *,
        status: int = 0,
        info: str | None = None,
        method: str = "",
        url: str = "",
        body: bytes = b"",
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, request_id=request_id)
        self.status = status
        self.info = info
        self.method = method
        self.url = url
        self.body = body

    def __reduce__(self) -> tuple[Any, ...]:
        # What crosses a process boundary ends in job stores and dashboards: the body stays here.
        return type(self), self.args, {**self.__dict__, "body": b"", "info": None}


class AuthenticationError(StatusError):
    """The token was refused: 401, or the API's own 404 with ``"info": "Invalid token"``."""


class PermissionDenied(StatusError):
    """The token is valid, and may not do this (403)."""


class NotFound(StatusError):
    """There is no such record (404)."""


class InvalidRequest(StatusError):
    """The server found fault with the request itself (400, 422)."""


class RateLimited(StatusError):
    """The server asked for fewer requests (429), or for a longer pause than the call may wait.

    Attributes:
        retry_after: Seconds that the server asked to wait, where it said.
    """

    def __init__(self, message: str = "", *, retry_after: float | None = None, **fields: Any) -> None:
        super().__init__(message, **fields)
        self.retry_after = retry_after


class ServerError(StatusError):
    """The server failed (5xx).

    Attributes:
        retry_after: Seconds that the server asked to wait, where it said.
    """

    def __init__(self, message: str = "", *, retry_after: float | None = None, **fields: Any) -> None:
        super().__init__(message, **fields)
        self.retry_after = retry_after


class OutcomeUnknown(KauneongaError):
    """A creation was sent and no clear answer came: it may have happened.

    It is never sent again by the SDK. Look before sending it again: for a to-do,
    ``await client.to_dos.find(contact=..., message_text=...)``.
    """


class DecodeError(KauneongaError):
    """The answer is not what the API promises.

    Attributes:
        path: Where in the record, as ``$.created_at``; None where the whole body is at fault.
        record_id: The record's id, where it can be read.
        malformed: True if the body is no JSON of the API's shape (cut short, corrupt, an HTML page), which
            asking again may mend; False if a record does not fit its type, which asking again will not.
    """

    def __init__(
        self,
        message: str = "",
        *,
        path: str | None = None,
        record_id: int | None = None,
        malformed: bool = False,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, request_id=request_id)
        self.path = path
        self.record_id = record_id
        self.malformed = malformed


class CalendarMismatch(KauneongaError):
    """The server's dates do not mean what the calendar says: records could be missed, so nothing is claimed."""


class IncompleteResult(KauneongaError):
    """The server holds records in the range that it would not list, however small the range was made.

    Attributes:
        missing_ids: Ids that are known to be missing: a sample, in ascending order.
    """

    def __init__(self, message: str = "", *, missing_ids: tuple[int, ...] = (), request_id: str | None = None) -> None:
        super().__init__(message, request_id=request_id)
        self.missing_ids = missing_ids


class DestinationLocked(KauneongaError):
    """Another process writes to the same destination."""
