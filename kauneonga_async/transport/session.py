"""Sessions: the connections of one client, made when first needed, in the event loop that first needs them."""

from __future__ import annotations

import asyncio
import ssl
import urllib.request
from functools import partial
from typing import Any, Final

import aiohttp
import msgspec
from yarl import URL

from kauneonga_async import config
from kauneonga_async.errors import ClientClosed, ConfigurationError, WrongEventLoop
from kauneonga_async.transport.addresses import socket_for
from kauneonga_async.transport.alarms import Alarms
from kauneonga_async.transport.failures import Interrupted

__all__ = ["ConnectionOptions", "Sessions", "check_proxy", "check_ssl_context", "middlewares_of"]

# aiohttp's own switch for what ``_no_silent_resend`` prevents, at no cost. It is not public: its test client alone uses
# it, and where it is gone the middleware takes over.
_RESENDS: Final = "_retry_connection"


class ConnectionOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How connections are made; see KauneongaClient for what each means."""

    session: aiohttp.ClientSession | None = None
    ssl_context: ssl.SSLContext | None = None
    proxy: URL | None = None
    proxy_headers: dict[str, str] = {}
    trust_env: bool = False
    api_host: str = ""
    allow_private_recordings: bool = False

    def proxy_for(self, url: URL) -> URL | None:
        """Return the proxy that a URL is reached through, or None.

        Raises:
            ConfigurationError: The environment's cannot be read.
        """
        if self.proxy is not None or not self.trust_env:
            return self.proxy
        if url.host is None or urllib.request.proxy_bypass(url.host):
            return None
        return check_proxy(urllib.request.getproxies().get(url.scheme) or None, f"{url.scheme}_proxy")

    def __repr__(self) -> str:
        return f"ConnectionOptions({', '.join(f'{name}={value}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        # The proxy's URL may hold a password, and its headers' values are one.
        proxy = None if self.proxy is None else self.proxy.host
        return [("proxy", proxy), ("proxy_headers", sorted(self.proxy_headers)), ("trust_env", self.trust_env)]


class Sessions:
    """The aiohttp sessions of one client.

    Requests that may be repeated share pooled connections. One that must not be goes over a connection of its
    own: on one that the server is just closing its outcome would be unknown. Other hosts than the API's, which only
    recordings are on, are reached through connections that lead to public addresses alone, and to the API's own.

    A session that was handed in is used for the API, and is never closed here.

    Attributes:
        options: How connections are made.
        alarms: Ring when answers were waited for long enough.
    """

    def __init__(self, options: ConnectionOptions) -> None:
        self.options = options
        self.alarms: Alarms = Alarms()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pooled = options.session
        self._single = options.session
        self._foreign: aiohttp.ClientSession | None = None
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether ``aclose`` was called."""
        return self._closed

    @property
    def open_sessions(self) -> list[aiohttp.ClientSession]:
        """The sessions made here that are still open."""
        made = (self._pooled, self._single, self._foreign)
        return [s for s in made if s is not None and s is not self.options.session and not s.closed]

    def check(self) -> None:
        """Bind to the running loop, the first time, and make sure of it from then on.

        Raises:
            ClientClosed: The client was closed.
            WrongEventLoop: It was first used in another event loop.
        """
        if self._closed:
            raise ClientClosed("the client was closed; make another, or close it later")
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise WrongEventLoop(
                "the client was first used in another event loop, where its connections live; make one client a loop"
            )

    def pick(self, *, repeatable: bool, foreign: bool) -> aiohttp.ClientSession:
        """Return the session for a request."""
        if foreign:
            self._foreign = self._foreign or self._make(guarded=not self.options.allow_private_recordings)
            return self._foreign
        if repeatable:
            self._pooled = self._pooled or self._make()
            return self._pooled
        self._single = self._single or self._make(force_close=True)
        return self._single

    async def aclose(self) -> None:
        """Close the sessions made here."""
        self._closed = True
        for session in self.open_sessions:
            await session.close()

    def _make(self, *, force_close: bool = False, guarded: bool = False) -> aiohttp.ClientSession:
        # A proxy connects in our stead, and has an address of its own.
        guarded = guarded and self.options.proxy is None and not self.options.trust_env
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,  # places in flight are the throttle's
                ssl=self.options.ssl_context or True,
                force_close=force_close,
                socket_factory=partial(socket_for, api_host=self.options.api_host) if guarded else None,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),  # a jar would mix accounts
            headers={"User-Agent": f"{config.USER_AGENT} {aiohttp.http.SERVER_SOFTWARE}"},
            timeout=aiohttp.ClientTimeout(),
        )
        if hasattr(session, _RESENDS):
            setattr(session, _RESENDS, False)
        return session


async def _no_silent_resend(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a request again by itself: each try is ours to count (RFC 9112, 9.3.1 allows it)."""
    try:
        return await handler(request)
    except (
        aiohttp.ClientConnectorError,
        aiohttp.ClientConnectorSSLError,
        aiohttp.ClientConnectorCertificateError,
    ):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise Interrupted(error) from None


def middlewares_of(session: aiohttp.ClientSession) -> tuple[aiohttp.ClientMiddlewareType, ...] | None:
    """Return the middlewares that a request of ours goes through; None for the session's own, and no other."""
    if getattr(session, _RESENDS, True) is False:
        return None
    own: Any = getattr(session, "_middlewares", ())  # those given to a request replace the session's
    return (*own, _no_silent_resend)


def check_ssl_context(context: ssl.SSLContext | None) -> ssl.SSLContext | None:
    """Return a TLS context if it verifies whom it talks to.

    Raises:
        TypeError: It is no SSLContext.
        ConfigurationError: It does not verify certificates, or host names.
    """
    if context is None:
        return None
    if not isinstance(context, ssl.SSLContext):
        raise TypeError(f"ssl_context: an ssl.SSLContext is needed, not {type(context).__name__}")
    if context.verify_mode != ssl.CERT_REQUIRED or not context.check_hostname:
        raise ConfigurationError(
            "ssl_context: it does not verify the server, so the token could go to anybody; to trust an authority "
            "of your own, use ssl.create_default_context(cafile=...)"
        )
    return context


def check_proxy(proxy: str | URL | None, origin: str = "proxy") -> URL | None:
    """Return a proxy's URL if it is one.

    Args:
        proxy: The URL; None for no proxy.
        origin: Where it is from: an argument, or a variable of the environment.

    Raises:
        TypeError: It is no string.
        ConfigurationError: It is no URL with http or https and a host. The URL is not shown: it may hold a password.
    """
    if proxy is None:
        return None
    if not isinstance(proxy, (str, URL)):
        raise TypeError(f"{origin}: a URL as a string is needed, not {type(proxy).__name__}")
    try:
        url = config.read_url(proxy)
    except ValueError:
        fault = "it cannot be read as a URL"
    else:
        if url.scheme in ("http", "https") and url.host:
            return url
        fault = "a URL with http or https and a host is needed, like 'http://host:3128'"
        del url
    # Outside of the handler, and with no local that holds the password.
    del proxy
    raise ConfigurationError(f"{origin}: {fault}")
