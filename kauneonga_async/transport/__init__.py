"""One request and its answer: token, throttle, connection, retry, and the errors that come of it."""

from kauneonga_async.transport.addresses import may_be_reached
from kauneonga_async.transport.answer import NOT_MODIFIED, Answer, Request, new_request_id
from kauneonga_async.transport.events import Event, EventHook, Events, logger
from kauneonga_async.transport.pace import Pace
from kauneonga_async.transport.recovery import is_too_much
from kauneonga_async.transport.responses import http_date, read_etag
from kauneonga_async.transport.retry import RETRIED_STATUSES, backoff, judge
from kauneonga_async.transport.session import ConnectionOptions, Sessions, check_proxy, check_ssl_context
from kauneonga_async.transport.throttle import Places
from kauneonga_async.transport.tokens import TokenProvider, TokenSource
from kauneonga_async.transport.transport import Reader, Transport

__all__ = [
    "NOT_MODIFIED",
    "RETRIED_STATUSES",
    "Answer",
    "ConnectionOptions",
    "Event",
    "EventHook",
    "Events",
    "Pace",
    "Places",
    "Reader",
    "Request",
    "Sessions",
    "TokenProvider",
    "TokenSource",
    "Transport",
    "backoff",
    "check_proxy",
    "check_ssl_context",
    "http_date",
    "is_too_much",
    "judge",
    "logger",
    "may_be_reached",
    "new_request_id",
    "read_etag",
]
