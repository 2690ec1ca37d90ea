"""Exchange: one request and the head of its answer, over aiohttp. What retries, throttles and renews is above it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import aiohttp
from aiohttp import hdrs
from aiohttp.abc import AbstractStreamWriter
from multidict import CIMultiDict, istr
from yarl import URL

from kauneonga_async import config
from kauneonga_async.errors import DecodeError, KauneongaError
from kauneonga_async.transport.answer import Answer, Request
from kauneonga_async.transport.failures import translate
from kauneonga_async.transport.patience import ENDLESS, Patience
from kauneonga_async.transport.responses import REDIRECTS
from kauneonga_async.transport.session import Sessions, middlewares_of
from kauneonga_async.transport.throttle import Throttle
from kauneonga_async.transport.tokens import Authorization

__all__ = ["open_answer", "refusal_of"]

MOST_REDIRECTS = 5
# No total: it would count the consumer's own time. How long an answer is waited for is our own affair.
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=config.CONNECT_TIMEOUT)
_X_REQUEST_ID = istr("X-Request-Id")
_API_HEADERS = CIMultiDict(
    {hdrs.ACCEPT: "application/json", hdrs.ACCEPT_ENCODING: "gzip", hdrs.CONTENT_TYPE: "application/json"}
)


class _SentBody(aiohttp.BytesPayload):
    """A body that notes when the first of its bytes is handed to the connection."""

    def __init__(self, value: bytes, request: Request) -> None:
        super().__init__(value, content_type="application/json")
        self._request = request

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        self._request.sent = True
        await super().write_with_length(writer, content_length)


async def open_answer(
    sessions: Sessions, request: Request, throttle: Throttle, authorization: Authorization | None
) -> Answer:
    """Send a request and return the answer when its head is there, following redirects within the API."""
    url = request.url
    redirects = 0
    failure: BaseException
    while True:
        response = _begin(sessions, request, url, authorization)
        try:
            # The head of a stream has the time that each of its reads has; any other call has its deadline.
            with Patience(sessions.alarms, request.options.timeout) if request.streaming else ENDLESS:
                answer = Answer(await response, request, throttle, sessions.alarms)
        except asyncio.CancelledError as error:
            failure = error.with_traceback(None)  # aiohttp's frames hold the token, too
        except Exception as error:
            translated = translate(
                error,
                call=str(request),
                request_id=request.request_id,
                timeout=request.options.timeout,
                reading=False,
            )
            if translated is None:
                raise
            failure = translated
        else:
            if answer.status in request.accepts or not request.repeatable or redirects == MOST_REDIRECTS:
                return answer
            target = _redirect_of(answer, url)
            if target is None:
                return answer
            answer.close()
            url = target
            redirects += 1
            continue
        # Outside of the handler: what aiohttp raised holds the token, and would stay on the error as its context.
        raise failure


def _begin(
    sessions: Sessions, request: Request, url: URL, authorization: Authorization | None
) -> Awaitable[aiohttp.ClientResponse]:
    request.sent = request.body is None  # without a body there is no telling
    session = sessions.pick(repeatable=request.repeatable, foreign=request.foreign)
    options = sessions.options
    proxy = options.proxy_for(url)
    headers = _headers(request, authorization)
    if proxy is not None and url.scheme == "http":
        # Without TLS there is no CONNECT, with which alone aiohttp sends a proxy's headers.
        own, headers = headers, CIMultiDict(options.proxy_headers)
        headers.update(own)
    return session.request(
        request.method,
        url,
        data=None if request.body is None else _SentBody(request.body, request),
        headers=headers,
        timeout=_TIMEOUT,
        proxy=proxy,
        proxy_headers=options.proxy_headers or None,
        allow_redirects=False,
        auto_decompress=False,
        raise_for_status=False,
        middlewares=middlewares_of(session),
    )


def _headers(request: Request, authorization: Authorization | None) -> CIMultiDict[str]:
    if request.headers is not None:
        headers = CIMultiDict(request.headers())
    else:
        headers = CIMultiDict(_API_HEADERS)
        if request.options.extra_headers:
            headers.update(request.options.extra_headers)
        headers[_X_REQUEST_ID] = request.request_id
        if request.etag is not None:
            headers[hdrs.IF_NONE_MATCH] = request.etag
    if authorization is not None:
        headers[hdrs.AUTHORIZATION] = authorization.reveal()
    return headers


async def refusal_of(answer: Answer) -> KauneongaError:
    """Return the error that an answer means which nobody is to read."""
    if answer.status in (204, 205, 206):
        return DecodeError(f"{answer}: status {answer.status} where a whole answer belongs")
    return await answer.refusal()


def _redirect_of(answer: Answer, url: URL) -> URL | None:
    """Return where a redirect leads, if that is the origin the token is for."""
    if answer.status not in REDIRECTS:
        return None
    try:
        target = config.read_url(answer.headers.get("Location", ""), url)
        return target if target.origin() == url.origin() and target != url else None
    except ValueError:
        return None
