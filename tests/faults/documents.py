"""Rows: statuses, redirects, and bodies that are not what the API promises."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
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
from tests.faults.exchanges import MALFORMED, UNKNOWN, UNREADABLE, row
from tests.faults.steps import answers, status
from tests.faults.table import Fails, Row, Works

__all__ = ["JSON", "RECORDS", "REDIRECTS", "STATUS"]

LAST_YEAR = "9999-12-31T23:59:59-14:00"  # in UTC it lies beyond what Python can express
INFO = b'{"success":false,"info":"%s","data":{}}'
DOWN, THROTTLED = Fails(ServerError, 3), Fails(RateLimited, 3)


def refusal(code: int, error: type[StatusError], *, retried: bool = False, creation: object = None) -> Row:
    outcome = Fails(error, 3 if retried else 1)
    return row(f"status {code}", status(code, INFO % b"No"), outcome, creation or outcome, outcome)


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
    row("status 200 and success: false", status(200, INFO % b"Something went wrong"), *[Fails(StatusError)] * 3),
    row("status 200 and success: false, Invalid token", status(200, INFO % b"Invalid token"), *[Fails(AuthenticationError)] * 3),
    row("status 204", status(204), UNREADABLE, UNKNOWN, UNREADABLE),
    row("status 205", status(205), UNREADABLE, UNKNOWN, UNREADABLE),
    row("status 206, unasked for", answers(lambda g: g[:40], 206, content_range="bytes 0-39/100"), UNREADABLE, UNKNOWN, UNREADABLE),
    row("status 203, by a proxy on the way", answers(lambda g: g, 203), Works(), Works(), Works()),
    row("status 304, unasked for", status(304), *[Fails(StatusError)] * 3),
    *(
        row(f"status 429, Retry-After: {asked}", status(429, retry_after=asked), *[THROTTLED] * 3, timeout=300.0)
        for asked in ("2", "0", "soon", "-5", "1e999", "9" * 5000, "Wed, 21 Oct 2015 07:28:00 GMT", "")
    ),
    row("status 429, Retry-After: an hour", status(429, retry_after="3600"), *[Fails(RateLimited)] * 3),
    row("status 429, Retry-After: a year", status(429, retry_after="31536000"), *[Fails(RateLimited)] * 3),
    row("status 503, Retry-After: an hour", status(503, retry_after="3600"), Fails(RateLimited), UNKNOWN, Fails(RateLimited)),
]  # fmt: skip


def leads(code: int, target: str) -> Row:
    outcome = Fails(StatusError)
    return row(
        f"status {code} to {target or 'nowhere'}",
        status(code, location=target),
        outcome,
        UNKNOWN if code in (302, 303) else outcome,  # by which many servers end what they have carried out
        outcome,
    )


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
]


def documents(*cases: tuple[str, Callable[[bytes], bytes]], get: object, create: object, stream: object) -> list[Row]:
    return [row(fault, answers(change), get, create, stream) for fault, change in cases]


def _with_id(value: bytes) -> Callable[[bytes], bytes]:
    return lambda good: re.sub(rb'"id": ?\d+', b'"id":' + value, good, count=1)


JSON = [
    row("a page of HTML with status 200", answers(lambda g: b"<html><body>Maintenance</body></html>", content_type="text/html"), MALFORMED, UNKNOWN, MALFORMED),
    *documents(
        ("an empty body", lambda g: b""),
        ("white space alone", lambda g: b" \r\n\t "),
        ("the first byte alone", lambda g: g[:1]),
        ("half the body, of the right length", lambda g: g[: len(g) // 2]),
        ("all but the last byte, of the right length", lambda g: g.strip()[:-1]),
        ("junk behind it", lambda g: g + b"junk"),
        ("a second document behind it", lambda g: g + g),
        ("single quotes", lambda g: g.replace(b'"', b"'")),
        ("a comma too many", lambda g: g[:-1] + b",}"),
        ("a comment", lambda g: b"/* hello */" + g),
        ("a control character in a text", lambda g: g.replace(b'"data"', b'"da\x01ta"')),
        ("an escape that there is not", lambda g: g.replace(b'"data"', b'"d\\ata"')),
        ("a number", lambda g: b"5"),
        ("a text", lambda g: b'"hello"'),
        ("null", lambda g: b"null"),
        get=MALFORMED, create=UNKNOWN, stream=MALFORMED,
    ),
    *documents(
        ("a list where an object belongs, or the other way round", lambda g: b'{"data":7}'),
        ("null for the data", lambda g: b'{"data":null}'),
        ("no data", lambda g: b'{"count":3}'),
        ("an empty object", lambda g: b"{}"),
        ("NaN", _with_id(b"NaN")),
        ("Infinity", _with_id(b"Infinity")),
        ("brackets a million deep", lambda g: b'{"data":' + b"[" * 1_000_000),
        ("a list of lists", lambda g: b'{"data":[[1],[2]]}'),
        ("a list of numbers", lambda g: b'{"data":[1,2,3]}'),
        ("a list of null", lambda g: b'{"data":[null]}'),
        get=UNREADABLE, create=UNKNOWN, stream=UNREADABLE,
    ),
    *documents(
        ("the keys in another order, and more of them", lambda g: b'{"meta":{"data":[]},' + g.strip()[1:-1] + b',"count":9}'),
        ("white space between all tokens", lambda g: json.dumps(json.loads(g), indent=4).encode()),
        ("all texts escaped", lambda g: json.dumps(json.loads(g), ensure_ascii=True).encode()),
        ("unknown fields", lambda g: g.replace(b'{"id"', b'{"new":{"a":[1,2]},"id"')),
        get=Works(), create=Works(), stream=Works(),
    ),
]  # fmt: skip


def field(fault: str, change: Callable[[dict[str, Any]], None], *, get: object, stream: object) -> Row:
    """A message with one field changed; in a list, the second of three."""

    def apply(good: bytes) -> bytes:
        document = json.loads(good)
        data = document["data"]
        change(data[1] if isinstance(data, list) else data)
        return json.dumps(document).encode()

    return row(fault, answers(apply), get, None, stream)


def sets(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda record: record.__setitem__(name, value)


def _twice(good: bytes) -> bytes:
    document = json.loads(good)
    document["data"] = [*document["data"], document["data"][0]]
    return json.dumps(document).encode()


def _reversed(good: bytes) -> bytes:
    document = json.loads(good)
    document["data"].reverse()
    return json.dumps(document).encode()


RECORDS = [
    *(
        field(
            f"a message's {name} is {json.dumps(value)[:40]}",
            sets(name, value),
            get=Works() if name == "created_at" and value in (None, LAST_YEAR) else UNREADABLE,
            stream=UNREADABLE,
        )
        for name, value in (
            ("id", None), ("id", "seven"), ("id", 2**63), ("id", 1.5), ("id", True),
            ("created_at", None), ("created_at", 5), ("created_at", "yesterday"), ("created_at", "2025-01-01T10:00:00"),
            ("created_at", "2025-01-01T23:59:60Z"), ("created_at", LAST_YEAR), ("content", 5), ("content", {"a": 1}),
            ("is_emergency", "yes"),
        )
    ),
    *(
        field(f"a message's {name} is {json.dumps(value)}", sets(name, value), get=Works(), stream=Works())
        for name, value in (("content", None), ("content", ""), ("content", "\u0000"), ("status", "a status of tomorrow"), ("new_field", [1]))
    ),
    field("a message without id", lambda record: record.pop("id"), get=UNREADABLE, stream=UNREADABLE),
    field("a message without created_at", lambda record: record.pop("created_at"), get=Works(), stream=UNREADABLE),
    row("a message twice in a list", answers(_twice), None, None, Works()),
    row("a list from new to old", answers(_reversed), None, None, Works()),
    row("an empty list", answers(lambda g: b'{"data":[]}'), None, None, Works(2, 0)),
]  # fmt: skip
