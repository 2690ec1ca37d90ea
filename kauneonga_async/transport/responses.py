"""Responses: status, headers and body -> the error they mean. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

import msgspec
from yarl import URL

from kauneonga_async.config import read_url
from kauneonga_async.errors import (
    AuthenticationError,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServerError,
    StatusError,
)
from kauneonga_async.transport.explanations import is_plain

__all__ = ["REDIRECTS", "error_for", "http_date", "place_of", "read_etag", "read_info", "retry_after"]

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SECONDS = re.compile(r"[0-9]{1,9}")

_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,500}"')  # RFC 9110, 8.8.3; what is not ASCII could not be sent back
_ID = re.compile(r"[A-Za-z0-9._:-]{1,255}")  # what a terminal or a log may be shown

_ADVICE: dict[type[StatusError], str] = {
    AuthenticationError: "the token was refused: check that it is this account's, and has not expired",
    PermissionDenied: "the token is valid, but this account may not do that",
    InvalidRequest: "the server found fault with the request itself: compare it with .info",
    RateLimited: "the server asks for fewer requests: wait for .retry_after seconds, or lower concurrency",
    ServerError: "the server failed; if it lasts, give its operator the request id",
}


class _Body(msgspec.Struct):
    info: Any = None
    success: Any = True


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a response asks to wait, or None if it does not say, or not in a way to believe.

    A date counts from the response's own ``Date``, so that our clock does not matter (RFC 9110, 10.2.3).
    """
    value = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    wanted, sent = http_date(value), http_date(headers.get("Date", ""))
    if wanted is None:
        return None
    return max(0.0, (wanted - (sent or datetime.now(UTC))).total_seconds())


def read_etag(headers: Mapping[str, str]) -> str | None:
    """Return what tells an answer from others, if it is such as can be sent back."""
    tag = headers.get("ETag", "")
    return tag if _ETAG.fullmatch(tag) else None


def read_info(body: bytes) -> tuple[str | None, bool]:
    """Return a body's ``info``, and whether it says ``"success": false``."""
    try:
        content = msgspec.json.decode(body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None, False
    return content.info if isinstance(content.info, str) else None, content.success is False


def error_for(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    call: str,
    method: str,
    url: URL,
    request_id: str,
    foreign: bool = False,
) -> StatusError:
    """Return the error that a refusal means.

    Args:
        status: The HTTP status.
        headers: The response's headers; names of any case.
        body: As much of the body as was kept.
        call: The call's name in messages.
        method: The request's method.
        url: The request's URL.
        request_id: The request's id, unless the response names another.
        foreign: Whether it was sent to another host than the API's, without the token.
    """
    info, _ = read_info(body)
    kind = StatusError if foreign and status == HTTPStatus.UNAUTHORIZED else _class_of(status, info)
    fields: dict[str, Any] = {}
    if issubclass(kind, (RateLimited, ServerError)):
        fields["retry_after"] = retry_after(headers)
    parts = [f"{call}: {status} {_phrase(status)}"]
    if info:
        parts.append(f'the server says "{info}"' if is_plain(info) else "the server's explanation is in .info")
    if 200 <= status < 300:  # noqa: PLR2004 - RFC 9110, 15.3
        parts.append('and yet its body says "success": false: .info and .body may say why')
    if kind in _ADVICE:
        parts.append(_ADVICE[kind])
    elif status == HTTPStatus.UNAUTHORIZED:
        parts.append("no token goes to this host, and none was refused: the URL may have expired")
    elif status in REDIRECTS and "Location" in headers:
        parts.append(_redirect_advice(headers["Location"], url))
    elif status == HTTPStatus.NOT_FOUND:
        parts.append("there is no such record, or base_url is not where the API stands")
    elif not 200 <= status < 300:  # noqa: PLR2004 - RFC 9110, 15.3
        parts.append("the API is not known to answer so: .info and .body may say why")
    named = headers.get("X-Request-Id", "")
    request_id = named if _ID.fullmatch(named) else request_id
    return kind(
        "; ".join(parts) + f" (request id {request_id})",
        status=status,
        info=info,
        method=method,
        url=str(url if _holds_only_dates(url) else url.with_query(None)),
        body=body,
        request_id=request_id,
        **fields,
    )


def place_of(url: URL) -> str:
    """Return a URL's path, with the query only where it is known to hold nothing but dates."""
    return url.path_qs if _holds_only_dates(url) else url.path


def _holds_only_dates(url: URL) -> bool:
    return set(url.query) <= {"from_date", "to_date"}


def _class_of(status: int, info: str | None) -> type[StatusError]:
    if _blames_the_token(info) and status in (HTTPStatus.OK, HTTPStatus.NOT_FOUND):
        return AuthenticationError
    match status:
        case 401:
            return AuthenticationError
        case 403:
            return PermissionDenied
        case 404:
            return NotFound
        case 400 | 422:
            return InvalidRequest
        case 429:
            return RateLimited
        case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return ServerError
    return StatusError


def _blames_the_token(info: str | None) -> bool:
    """Tell whether the server's explanation is that the token is no good (API.md: 404 "Invalid token")."""
    return info is not None and re.search(r"\btoken\b", info, re.IGNORECASE) is not None


def _redirect_advice(location: str, url: URL) -> str:
    try:
        target = read_url(location, url)
        origin = target.origin() if target.host else target.scheme
        if origin == url.origin():
            return "it redirects within the server, in circles or where this call may not follow: check base_url"
    except ValueError:
        return "it redirects to what is no URL: check base_url"
    return f"it redirects to {origin}, where no token is sent: if that is the API's new place, set base_url to it"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "(a status of no known meaning)"


@lru_cache(maxsize=64)  # answers of the same second have the same
def http_date(value: str) -> datetime | None:
    """Return the instant that a header such as ``Date`` names, or None if it names none."""
    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed
