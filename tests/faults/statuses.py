"""Rows: statuses, what they ask for, and where they lead."""

from __future__ import annotations

from typing import Any

from kauneonga_async.errors import (
    AuthenticationError,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServerError,
    StatusError,
)
from tests.faults.rows import UNKNOWN, UNREADABLE, row, unreadable, works
from tests.faults.steps import answers, moved, status
from tests.faults.table import Fails, Row, Works

__all__ = ["REDIRECTS", "STATUS"]

INFO = b'{"success":false,"info":"%s","data":{}}'
THROTTLED, REFUSED = Fails(RateLimited, 3), Fails(StatusError)
FAR_AHEAD: dict[str, Any] = {"date": "Sat, 01 Jan 2050 00:00:00 GMT", "retry_after": "Sat, 01 Jan 2050 00:00:30 GMT"}


def refusal(code: int, error: type[StatusError], *, retried: bool = False, creation: object = None) -> Row:
    outcome = Fails(error, 3 if retried else 1)
    return row(f"status {code}", status(code, INFO % b"No"), outcome, creation or outcome, outcome)


def throttled(asked: str, pause: float = 0) -> Row:
    return row(
        f"status 429, Retry-After: {asked}",
        status(429, retry_after=asked),
        *[THROTTLED] * 3,
        timeout=300.0,
        pause=pause,
    )


STATUS = [
    refusal(400, InvalidRequest),
    refusal(401, AuthenticationError),
    row("404 that says Invalid token", status(404, INFO % b"Invalid token"), *[Fails(AuthenticationError)] * 3),
    refusal(402, StatusError),
    refusal(403, PermissionDenied),
    refusal(404, NotFound),
    row("404 with a page of HTML", status(404, b"<html>no</html>", content_type="text/html"), *[Fails(NotFound)] * 3),
    *(refusal(code, StatusError) for code in (405, 406, 407, 409, 410, 411, 412)),
    *(refusal(code, StatusError) for code in (414, 415, 416, 417, 418, 421, 423, 424, 426, 428, 431, 451)),
    refusal(408, StatusError, retried=True, creation=Fails(StatusError)),
    refusal(425, StatusError, retried=True, creation=Fails(StatusError, 1)),
    row("status 413", status(413), Fails(StatusError), Fails(StatusError), Fails(StatusError)),
    refusal(422, InvalidRequest),
    refusal(429, RateLimited, retried=True),
    *(refusal(code, ServerError, retried=True, creation=UNKNOWN) for code in (500, 502, 503, 504)),
    *(refusal(code, ServerError, retried=True, creation=UNKNOWN) for code in (520, 521, 522, 523, 524)),
    *(refusal(code, ServerError, creation=UNKNOWN) for code in (501, 505, 507, 511, 599)),
    row("status 600", status(600), Fails(ServerError), UNKNOWN, Fails(ServerError)),
    row("status 200 and success: false", status(200, INFO % b"Something went wrong"), *[REFUSED] * 3),
    row("status 200 and success: false, Invalid token", status(200, INFO % b"Invalid token"), *[Fails(AuthenticationError)] * 3),
    unreadable("status 204", status(204)),
    unreadable("status 205", status(205)),
    row("status 206, unasked for", answers(lambda g: g[:40], 206, content_range="bytes 0-39/100"), UNREADABLE, UNKNOWN, UNREADABLE),
    works("status 203, by a proxy on the way", answers(lambda g: g, 203)),
    row("status 101, unasked for", status(101, upgrade="websocket", connection="upgrade"), REFUSED, UNKNOWN, REFUSED),
    row("status 300", status(300, b"[]"), *[REFUSED] * 3),
    row("status 304, unasked for", status(304), *[REFUSED] * 3),
    throttled("2", pause=2),
    *map(throttled, ("0", "soon", "-5", "1e999", "1.5", "9" * 5000, "\u0662", "Wed, 21 Oct 2015 07:28:00 GMT", "")),
    row(
        "status 429, Retry-After: a date 30 s ahead, by a clock that is years off",
        status(429, **FAR_AHEAD), *[THROTTLED] * 3, timeout=300.0, pause=30,
    ),
    row("status 429, Retry-After: an hour", status(429, retry_after="3600"), *[Fails(RateLimited)] * 3),
    row("status 429, Retry-After: a year", status(429, retry_after="31536000"), *[Fails(RateLimited)] * 3),
    row("status 429, Retry-After: later than the deadline", status(429, retry_after="30"), Fails(RateLimited), Fails(RateLimited), THROTTLED),
    row("status 503, Retry-After: an hour", status(503, retry_after="3600"), Fails(RateLimited), UNKNOWN, Fails(RateLimited)),
]  # fmt: skip


def leads(code: int, target: str) -> Row:
    doubtful = code in (302, 303)  # by which many servers end what they have carried out
    return row(
        f"status {code} to {target or 'nowhere'}", status(code, location=target), REFUSED,
        UNKNOWN if doubtful else REFUSED, REFUSED,
    )  # fmt: skip


REDIRECTS = [
    *(leads(code, "https://elsewhere.example/v2/messages") for code in (301, 302, 303, 307, 308)),
    *(
        leads(302, target)
        for target in (
            "http://169.254.169.254/latest/meta-data",
            "//elsewhere.example/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "http://[:1]/",
            "",
        )
    ),
    *(
        row(f"status {code} to another path of the API", moved(code), Works(2), creation, Works(2))
        for code, creation in ((301, REFUSED), (302, UNKNOWN), (303, UNKNOWN), (307, REFUSED), (308, REFUSED))
    ),
    row("a redirect to itself", moved(302, "to itself"), REFUSED, UNKNOWN, REFUSED),
    row("redirects without end", moved(302, "on and on"), Fails(StatusError, 6), UNKNOWN, Fails(StatusError, 6)),
]
