"""The request for a recording's audio: the token goes to the API's own origin alone, and hosts are public ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from yarl import URL

from kauneonga_async import config
from kauneonga_async.downloads.audio import parse_url
from kauneonga_async.errors import ConnectionFailed, StatusError
from kauneonga_async.transport import Answer, Request, Transport, may_be_reached, new_request_id

__all__ = ["MOST_REDIRECTS", "REDIRECTS", "audio_request", "target_of"]

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS: Final = 5
_ANSWERS: Final = frozenset({200, 206, 416})


def audio_request(
    transport: Transport,
    recording_id: int,
    url: URL,
    options: config.CallOptions,
    more_headers: Callable[[], dict[str, str]] = dict,
) -> Request:
    """Return the request for a recording's audio at a URL, which the server or a redirect chose.

    Args:
        transport: The account's calls.
        recording_id: Whose audio, for messages.
        url: Where it is.
        options: Timeout (to the next bytes), retries and headers.
        more_headers: Makes headers of each try.

    Raises:
        ConnectionFailed: The host is an address that is not public.
    """
    foreign = url.origin() != transport.base_url.origin()
    host = url.host or ""
    is_literal = ":" in host or re.fullmatch(r"[0-9.]+", host) is not None
    allowed = transport.sessions.options.allow_private_recordings
    if foreign and is_literal and not allowed and not may_be_reached(host, transport.base_url.host or ""):
        raise ConnectionFailed(
            f"recording {recording_id}: its host's address is private; if that is meant to be, make the client with "
            "allow_private_recordings=True",
            phase="connect",
            sent=False,
            permanent=True,
        )

    def headers() -> dict[str, str]:
        # Identity: aiohttp and zlib let a gzip body pass that was cut short, and audio has no closing bracket.
        own = {"Accept": "audio/*, */*;q=0.1", "Accept-Encoding": "identity"}
        return {**own, **({} if foreign else options.extra_headers), **more_headers()}

    return Request(
        method="GET",
        url=url,
        request_id=new_request_id(),
        options=options,
        accepts=_ANSWERS | REDIRECTS,
        headers=headers,
        foreign=foreign,
        streaming=True,
    )


def target_of(answer: Answer) -> URL:
    """Return where a redirect leads.

    Raises:
        StatusError: That is no URL, or an unencrypted one in place of an encrypted one.
    """
    target = parse_url(answer.headers.get("Location", ""), base=answer.url)
    if target is None or (answer.url.scheme == "https" and target.scheme == "http"):
        raise StatusError(f"{answer}: it redirects to what may not be followed", status=answer.status)
    return target
