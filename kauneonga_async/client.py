"""KauneongaClient: the session manager: configuration, lifecycle, and what can be asked of the API."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import aiohttp
import anyio
import anyio._backends._asyncio  # anyio would import it in the middle of the first stream: 10 ms
from yarl import URL

from kauneonga_async import config
from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.errors import ClientClosed
from kauneonga_async.resources import CallRecordings, Context, Messages, ToDos
from kauneonga_async.resources.anything import Response, check_method, check_params, check_path, read_response
from kauneonga_async.resources.texts import encode
from kauneonga_async.streams import Supervisors
from kauneonga_async.transport import (
    ConnectionOptions,
    EventHook,
    Events,
    Places,
    Sessions,
    TokenProvider,
    TokenSource,
    Transport,
    check_proxy,
    check_ssl_context,
)

__all__ = ["KauneongaClient"]


class KauneongaClient:
    """The Kauneonga V2 API, for one account.

    Open it with ``async with``, or call :meth:`aclose` when done. It makes its connections when first used, in the
    event loop that uses it, and belongs to that loop from then on. One client serves any number of tasks.

    Args:
        base_url: Where the API stands, as ``"https://acme.example.com/api"``; None for ``KAUNEONGA_BASE_URL``.
        token: The bearer token, or an async callable that returns it and is called again, once, when the server says
            that the token is invalid; None for ``KAUNEONGA_TOKEN``.
        timeout: Seconds for a whole call over all its tries; for a stream, the longest wait for its next bytes.
        max_retries: Tries after the first.
        concurrency: Requests in flight, of all accounts together.
        calendar: What is known of the server's dates.
        session: An aiohttp session to use for the API; it is never closed here. ``ssl_context`` is then its own.
        ssl_context: A TLS context, such as one that trusts an authority of yours. It must verify.
        proxy: A proxy's URL, for every request.
        proxy_headers: Headers for the proxy, such as ``Proxy-Authorization``.
        trust_env: Whether to take the proxy from the environment (``HTTPS_PROXY``, ``NO_PROXY``).
        extra_headers: Headers to send with every request besides the client's own.
        allow_http: Whether a base URL with http may lead to another machine: the token would travel unencrypted.
        allow_private_recordings: Whether recordings may be on hosts with private addresses: if the API itself is on
            one, there they may be anyway.
        on_event: Is called with an :class:`Event` for each try, wait and give-up; it must not block. See
            ``integrations.opentelemetry`` for spans and metrics.

    Raises:
        ConfigurationError: There is no base URL or token, or one that cannot be used.
        TypeError: An argument is of the wrong type.
        ValueError: An argument has a value that cannot be.

    Examples:
        >>> async def main() -> None:
        ...     async with KauneongaClient("https://acme.example.com/api", token="...") as client:
        ...         message = await client.messages.get(939)
    """

    def __init__(
        self,
        base_url: str | URL | None = None,
        token: str | TokenProvider | None = None,
        *,
        timeout: float = config.TIMEOUT,
        max_retries: int = config.MAX_RETRIES,
        concurrency: int = config.CONCURRENCY,
        calendar: ServerCalendar = config.CALENDAR,
        session: aiohttp.ClientSession | None = None,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | URL | None = None,
        proxy_headers: Mapping[str, str] | None = None,
        trust_env: bool = False,
        extra_headers: Mapping[str, str] | None = None,
        allow_http: bool = False,
        allow_private_recordings: bool = False,
        on_event: EventHook | None = None,
    ) -> None:
        self._sessions: Sessions | None = None  # for __del__, if what follows raises
        try:
            _check_types(calendar, session, on_event)
            if session is not None and ssl_context is not None:
                raise ValueError("ssl_context: a session of your own brings its own; give one or the other")
            options = config.CallOptions(
                timeout=config.check_seconds("timeout", timeout),
                max_retries=config.check_count("max_retries", max_retries),
                extra_headers=config.check_extra_headers(extra_headers),
            )
            places = config.check_count("concurrency", concurrency, least=1)
            if session is not None and session.connector is not None and session.connector.limit:
                places = min(places, session.connector.limit)
            root = config.resolve_base_url(base_url, allow_http=config.check_flag("allow_http", allow_http))
            sessions = Sessions(
                ConnectionOptions(
                    session=session,
                    ssl_context=check_ssl_context(ssl_context),
                    proxy=check_proxy(proxy),
                    proxy_headers=config.check_headers("proxy_headers", proxy_headers),
                    api_host=root.host or "",
                    trust_env=config.check_flag("trust_env", trust_env),
                    allow_private_recordings=config.check_flag("allow_private_recordings", allow_private_recordings),
                )
            )
            transport = Transport(
                root,
                TokenSource(token),
                sessions,
                Places(places),
                options,
                Events(on_event),
            )
        except (TypeError, ValueError) as error:
            failure = error.with_traceback(None)
        else:
            self._sessions = sessions
            self._owns_sessions = True
            self._adopt(transport, calendar, places)
            return
        # A crash reporter that shows locals finds no secret of the caller's in a frame of ours.
        del base_url, token, proxy, proxy_headers, extra_headers
        raise failure

    def _adopt(self, transport: Transport, calendar: ServerCalendar, concurrency: int) -> None:
        self._transport = transport
        self._supervisors = Supervisors()
        self._context = Context(
            transport=transport, supervisors=self._supervisors, calendar=calendar, concurrency=concurrency
        )
        self._messages = Messages(self._context)
        self._to_dos = ToDos(self._context)
        self._call_recordings = CallRecordings(self._context)

    @property
    def messages(self) -> Messages:
        """Messages: get, list, stream, get_many, watch."""
        return self._messages

    @property
    def to_dos(self) -> ToDos:
        """To-dos: create, list, stream, find."""
        return self._to_dos

    @property
    def call_recordings(self) -> CallRecordings:
        """Call recordings: list, stream, download."""
        return self._call_recordings

    @property
    def base_url(self) -> URL:
        """The URL under which ``/v2/...`` stands."""
        return self._transport.base_url

    @property
    def calendar(self) -> ServerCalendar:
        """What is known of the server's dates."""
        return self._context.calendar

    @property
    def concurrency(self) -> int:
        """Requests in flight, of all accounts together."""
        return self._context.concurrency

    @property
    def closed(self) -> bool:
        """Whether the client was closed, or the one that it has its connections from."""
        return self._transport.closed

    def with_token(self, token: str | TokenProvider) -> KauneongaClient:
        """Return a client for another account, over the same connections and requests in flight.

        It has a rate, a pause and a retry budget of its own. Closing it ends its streams and leaves the connections
        open; closing this one closes both.

        Args:
            token: The other account's token, or an async callable that returns it.
        """
        if token is None:
            raise TypeError("token: a string or an async callable is needed, not None")
        try:
            tokens = TokenSource(token)
        except (TypeError, ValueError) as error:
            failure = error.with_traceback(None)
        else:
            return self._with_tokens(tokens)
        del token  # as in __init__
        raise failure

    def _with_tokens(self, tokens: TokenSource) -> KauneongaClient:
        other = KauneongaClient.__new__(KauneongaClient)
        other._sessions = self._sessions  # noqa: SLF001 - one of our own kind
        other._owns_sessions = False  # noqa: SLF001
        context = self._context
        other._adopt(self._transport.for_account(tokens), context.calendar, context.concurrency)  # noqa: SLF001
        return other

    def fingerprint(self, salt: bytes) -> str | None:
        """Return what tells the account's token from another, and nothing else; None if a callable provides it."""
        return self._transport.fingerprint(salt)

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request that the SDK has no method for: the way out when the API grows.

        Token, throttle, retries and errors are those of any other call. What is not a GET, HEAD or OPTIONS is sent
        again only if the server surely has not processed it.

        Args:
            method: The HTTP method.
            path: The path under the base URL, as ``"/v2/agents"``.
            params: The query.
            json: The body, anything that msgspec encodes.
            timeout: Seconds for all tries together.
            max_retries: Tries after the first.
            extra_headers: Headers besides the client's own.

        Raises:
            TypeError: An argument is of the wrong type.
            ValueError: An argument has a value that cannot be.
            OutcomeUnknown: It may have been carried out.
        """
        try:
            request = self._transport.request(
                check_method(method),
                check_path(path),
                query=check_params(params),
                body=None if json is None else encode("json", json),
                options=self._transport.options.override(timeout, max_retries, extra_headers),
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised
            failure = error.with_traceback(None)
        else:
            # No frame of ours that waits holds the body, nor what may be a secret.
            del path, json, params, extra_headers
            return await self._transport.send(request, read_response)
        del path, json, params, extra_headers
        raise failure

    async def aclose(self) -> None:
        """End all streams and close the connections made here; the client cannot be used again."""
        self._transport.close()
        # A scope of anyio's that was cancelled would cut short every wait of ours, and leave the connections open.
        try:
            with anyio.move_on_after(config.CLOSING_SECONDS, shield=True):  # a cursor's close may be the caller's own
                await self._supervisors.aclose()
        finally:
            if self._sessions is not None and self._owns_sessions:
                with anyio.move_on_after(config.CLOSING_SECONDS, shield=True):  # what was sent may never be taken
                    await self._sessions.aclose()

    async def __aenter__(self) -> KauneongaClient:
        if self.closed:
            raise ClientClosed("the client was closed: make another")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __del__(self, _warn: Any = warnings.warn) -> None:
        sessions = getattr(self, "_sessions", None)
        if sessions is not None and self._owns_sessions and sessions.open_sessions:
            _warn(f"{self!r} was never closed: use 'async with', or await aclose()", ResourceWarning, source=self)

    def __repr__(self) -> str:
        if self._sessions is None:  # __init__ has raised, and a traceback with locals shows what there is
            return "<KauneongaClient>"
        return f"<KauneongaClient {self._transport.base_url}{' closed' if self.closed else ''}>"


def _check_types(calendar: object, session: object, on_event: EventHook | None) -> None:
    if not isinstance(calendar, ServerCalendar):
        raise TypeError(f"calendar: a ServerCalendar is needed, not {type(calendar).__name__}")
    if session is not None and not isinstance(session, aiohttp.ClientSession):
        raise TypeError(f"session: an aiohttp.ClientSession is needed, not {type(session).__name__}")
    if on_event is not None:
        config.check_callback("on_event", on_event)
