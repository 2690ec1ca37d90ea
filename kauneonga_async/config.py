"""Every default with its unit, once; the environment; and what makes an argument valid."""

from __future__ import annotations

import inspect
import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final, TypeVar

import msgspec
from yarl import URL

from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.errors import ConfigurationError

# What a call may take.
TIMEOUT: Final = 30.0  # seconds for a whole call over all its tries; for a stream, to its next bytes
CONNECT_TIMEOUT: Final = 10.0  # seconds for one connection attempt
CLOSING_SECONDS: Final = 5.0  # for which connections that are being closed are waited for
MAX_RETRIES: Final = 4  # tries after the first
CONCURRENCY: Final = 16  # requests in flight
CALENDAR: Final = ServerCalendar()  # nothing is known of the server's dates

# Retry (transport/retry.py).
PASSING_BACKOFF: Final = 0.1  # seconds, the first ceiling after a passing fault
THROTTLED_BACKOFF: Final = 1.0  # seconds, the first ceiling after 429 or 503
LONGEST_BACKOFF: Final = 20.0  # seconds, the last ceiling
LONGEST_RETRY_AFTER: Final = 120.0  # seconds; a server that asks for more is not waited for
CORRUPT_RETRIES: Final = 2  # a body that was cut short or is corrupt
UNKNOWN_HOST_RETRIES: Final = 1  # a host name that does not resolve
BUDGET: Final = 500  # retry tokens in a full bucket
PASSING_COST: Final = 14  # retry tokens for a retry after a passing fault
THROTTLED_COST: Final = 5  # retry tokens for a retry after 429 or 503

# Windows (windows.py): padding costs up to three days a window, so short ones are dear.
SHORTEST_WINDOW_DAYS: Final = 7  # days, the least a window has where none is asked for
LONGEST_WINDOW_DAYS: Final = 31  # days, the most a window has where none is asked for
WINDOWS_AIMED_AT: Final = 16  # windows that a range is cut into, within those lengths
OPEN_END_DAYS: Final = 2  # days; an open-ended range asks to the day after tomorrow

# Bodies.
SLICE_BYTES: Final = 256 * 1024  # decoded at once, in about half a millisecond: what asyncio reads at the most
LARGEST_RECORD: Final = 16 * 1024 * 1024  # bytes
LARGEST_ENVELOPE: Final = 1024 * 1024  # bytes around a list's records
LARGEST_OBJECT: Final = 64 * 1024 * 1024  # bytes of an answer that is not a list
LARGEST_RECORDING: Final = 2 * 1024**3  # bytes
PROGRESS_BYTES: Final = 64 * 1024  # of a download, that make one more try worth it
LARGEST_ERROR_BODY: Final = 64 * 1024  # bytes kept of a refusal's body

# Streams (streams/).
BATCHES_AHEAD: Final = 4  # batches decoded and not yet taken by the consumer
HOLD_SECONDS: Final = 5.0  # a window held back longer than this is read aside, to free its connection
HELD_SECONDS: Final = 1.0  # a connection lost after being held back this long was lost by our own doing
SPOOL_MEMORY: Final = 1024 * 1024  # bytes a window keeps in memory before they go to a file
SPOOL_BYTES: Final = 256 * 1024 * 1024  # bytes that all of a stream's windows may keep aside

# Exports (exporting/).
LONGEST_PATIENCE: Final = 3600.0  # seconds for which an export waits when the server asks it to
SETTLING_SECONDS: Final = 300.0  # before the server's present, where an export ends: what is younger may still appear

# Watches (watching/).
WATCH_INTERVAL: Final = 15.0  # seconds from the beginning of one poll to the next's
LOOK_BACK: Final = timedelta(days=2)  # how far back each poll looks for changes
LONGEST_LOOK_BACK: Final = timedelta(days=36_525)  # a century; what is longer may end before the first of all days
LONGEST_LEAD: Final = timedelta(days=28)  # by which the server's clock may be ahead, be put right, and nothing be lost
PLACE_SECONDS: Final = 1.0  # for which a poll keeps its place in flight from others: then its answer is late

VERSION = "1.0.0"
USER_AGENT: Final = f"kauneonga-async/{VERSION}"

BASE_URL_VARIABLE: Final = "KAUNEONGA_BASE_URL"
TOKEN_VARIABLE: Final = "KAUNEONGA_TOKEN"  # noqa: S105 - a variable's name

_UNWRITABLE = re.compile("[\ud800-\udfff]")  # halves of surrogate pairs, which UTF-8 does not know
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # RFC 9110, 5.5
_LARGEST_ID = 2**63 - 1
_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")
_OWN_HEADERS = frozenset(
    {
        "authorization",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
        "x-request-id",
    }
)


C = TypeVar("C", bound=Callable[..., Any])


class CallOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What one call may be given in place of the client's own settings."""

    timeout: float = TIMEOUT
    max_retries: int = MAX_RETRIES
    extra_headers: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return f"CallOptions({', '.join(f'{name}={value}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        # The headers' values may be secrets.
        return [
            ("timeout", self.timeout),
            ("max_retries", self.max_retries),
            ("extra_headers", sorted(self.extra_headers)),
        ]

    def override(
        self,
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> CallOptions:
        """Return these options with those that are given, checked, in their place."""
        if timeout is None and max_retries is None and extra_headers is None:
            return self
        return CallOptions(
            timeout=self.timeout if timeout is None else check_seconds("timeout", timeout),
            max_retries=self.max_retries if max_retries is None else check_count("max_retries", max_retries),
            extra_headers={**self.extra_headers, **check_extra_headers(extra_headers)},
        )


def is_writable(text: str) -> bool:
    """Tell whether UTF-8 can write a text."""
    return not _UNWRITABLE.search(text)


def read_url(text: str | URL, base: URL | None = None) -> URL:
    """Return a URL, every part of which can be read: yarl looks at some of them only when they are asked for.

    Args:
        text: The URL, or what leads to it from ``base``.
        base: Where it was found.

    Raises:
        ValueError: It is none.
    """
    if not is_writable(str(text)):  # yarl would leave it out
        raise ValueError("it cannot be read as a URL")
    try:
        url = URL(text) if base is None else base.join(URL(text))
        # Looked at for what they raise: the host's "[a::1]" is read, and lost by the next change (tried, yarl 1.25).
        _ = url.host, url.port, url.with_query(None).port
    except IndexError:  # "http://[:1]" (tried, yarl 1.25)
        raise ValueError("it cannot be read as a URL") from None
    return url


def resolve_base_url(base_url: str | URL | None, *, allow_http: bool) -> URL:
    """Return the URL under which ``/v2/...`` stands.

    ``https://host``, ``https://host/api``, and either with a trailing slash or ``/v2``, all mean
    ``https://host/api`` (API.md, Requests).

    Raises:
        TypeError: It is no string.
        ConfigurationError: There is none, or it is not one that a token may be sent to.
    """
    if base_url is None:
        base_url = os.environ.get(BASE_URL_VARIABLE)
        if not base_url:
            raise ConfigurationError(
                f"base_url: none was given; pass base_url='https://<your host>/api' or set {BASE_URL_VARIABLE}"
            )
    if not isinstance(base_url, (str, URL)):
        raise TypeError(f"base_url: a string is needed, not {type(base_url).__name__}")
    try:
        url = read_url(base_url)
    except ValueError:
        raise ConfigurationError("base_url: it cannot be read as a URL; it looks like 'https://<host>/api'") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigurationError(
            f"base_url: a URL with http or https and a host is needed, like 'https://<host>/api', "
            f"not one with the scheme {url.scheme!r}"
        )
    if url.user is not None or url.password is not None:
        raise ConfigurationError("base_url: it must not hold a user name or password; the token is given apart from it")
    if url.query_string or url.fragment:
        raise ConfigurationError("base_url: it must not hold a query or a fragment")
    if any(part in (".", "..") for part in url.parts):
        raise ConfigurationError("base_url: its path must not hold '.' or '..'")
    if url.scheme == "http" and not allow_http and not is_loopback(url.host):
        raise ConfigurationError(
            f"base_url: http would send the token to {url.host} unencrypted; use https, or pass allow_http=True"
        )
    return url.with_path(url.path.rstrip("/").removesuffix("/v2") or "/api")


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by its name or literal address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")  # RFC 6761, 6.3


def resolve_token(token: str | None) -> str:
    """Return the bearer token, from the environment if none is given.

    Raises:
        ConfigurationError: There is none, or it holds other than visible ASCII; its text is not shown.
    """
    origin = "token"
    if token is None:
        token = os.environ.get(TOKEN_VARIABLE)
        origin = TOKEN_VARIABLE
        if not token:
            raise ConfigurationError(f"token: none was given; pass token=... or set {TOKEN_VARIABLE}")
    if not isinstance(token, str):
        kind = type(token).__name__
        del token  # a crash reporter may show a frame's locals
        raise TypeError(f"token: a string or an async callable is needed, not {kind}")
    if not _VISIBLE_ASCII.fullmatch(token):
        hint = "; it ends with white space: strip it" if token and token.rstrip() != token else ""
        del token
        raise ConfigurationError(
            f"{origin}: a bearer token is one or more visible ASCII characters without spaces{hint}"
        )
    return token


def check_seconds(name: str, value: float) -> float:
    """Return a duration in seconds if it is a positive, finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name}: a number of seconds is needed, not {type(value).__name__}")
    try:
        seconds = float(value)
    except OverflowError:  # an integer of more than 308 digits
        seconds = float("inf")
    if not 0 < seconds < float("inf"):
        raise ValueError(f"{name}: a positive number of seconds is needed, not {seconds}")
    return seconds


def check_count(name: str, value: int, *, least: int = 0) -> int:
    """Return a count if it is a whole number of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}: a whole number is needed, not {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name}: a number of at least {least} is needed, not {value}")
    return value


def check_id(name: str, value: int) -> int:
    """Return an id if it is a positive integer of at most 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}: a positive integer is needed, not {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{name}: a positive integer is needed, not {value}")
    if value > _LARGEST_ID:  # which is not shown: it may have more digits than Python writes
        raise ValueError(f"{name}: an id is {_LARGEST_ID} at the most, and this one is larger")
    return value


def check_flag(name: str, value: bool) -> bool:  # noqa: FBT001 - a flag is what is checked
    """Return a flag if it is True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name}: True or False is needed, not {type(value).__name__}")
    return value


def check_callback(name: str, value: C) -> C:
    """Return a callback if it can be called, and would not return a coroutine that nobody awaits."""
    if not callable(value):
        raise TypeError(f"{name}: a callable is needed, not {type(value).__name__}")
    if inspect.iscoroutinefunction(value):
        raise TypeError(f"{name}: a plain function is needed: it is called, and not awaited")
    return value


def check_headers(argument: str, headers: Mapping[str, str] | None) -> dict[str, str]:
    """Return headers if they are well formed.

    Raises:
        TypeError: They are no mapping of strings to strings.
        ValueError: A name or a value has a character that a header cannot have. The value is not shown: it may be a
            secret.
    """
    if headers is None:
        return {}
    if not isinstance(headers, Mapping):
        raise TypeError(f"{argument}: a mapping of names to values is needed, not {type(headers).__name__}")
    for name, value in headers.items():
        if not all(isinstance(text, str) for text in (name, value)):
            raise TypeError(f"{argument}: names and values must be strings")
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"{argument}: {name!r} is no header name")
        if not _HEADER_VALUE.fullmatch(value):
            raise ValueError(f"{argument}: the value of {name} holds a character that a header cannot")
    return dict(headers)


def check_extra_headers(headers: Mapping[str, str] | None) -> dict[str, str]:
    """Return extra headers if they are well formed, and none of those that the client sets itself."""
    checked = check_headers("extra_headers", headers)
    for name in checked:
        if name.lower() in _OWN_HEADERS:
            raise ValueError(f"extra_headers: {name} is set by the client and cannot be replaced")
    return checked
