"""Failures: what aiohttp raises -> the error it means, free of what aiohttp's own errors let out. Pure."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl

import aiohttp

from kauneonga_async.errors import ClientClosed, ConnectionFailed, KauneongaError, RequestTimeout
from kauneonga_async.transport.addresses import PrivateAddress

__all__ = ["Interrupted", "translate"]

_NO_SUCH_HOST = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
_OUT_OF_DESCRIPTORS = {errno.EMFILE, errno.ENFILE}
_CONNECTING = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientConnectorCertificateError,
    aiohttp.ClientConnectorSSLError,
    aiohttp.ServerFingerprintMismatch,
    aiohttp.ClientHttpProxyError,
)


class Interrupted(Exception):
    """Carries an error past aiohttp, which would send the request again by itself (tried, 3.14)."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def translate(
    error: BaseException, *, call: str, request_id: str, timeout: float, reading: bool
) -> KauneongaError | None:
    """Return the error that an exception of aiohttp's means, or None if it is none of its.

    The result's cause is an OSError or a bare copy: aiohttp's own show request headers in their repr and body
    bytes in their text.

    Args:
        error: What was raised.
        call: The call's name in messages.
        request_id: The request's id.
        timeout: Seconds that were allowed.
        reading: Whether the head of the answer had come.
    """
    if isinstance(error, Interrupted):
        error = error.error
    result = _class_of(error, call, timeout, reading=reading)
    if result is None:
        return None
    result.args = (f"{result} (request id {request_id})",)
    result.request_id = request_id
    result.__cause__ = _clean(error)
    return result


def _class_of(error: BaseException, call: str, timeout: float, *, reading: bool) -> KauneongaError | None:
    if isinstance(error, _CONNECTING):
        return _connecting(error, call)
    if isinstance(error, (aiohttp.SocketTimeoutError, asyncio.TimeoutError)):
        awaited = "the rest of the answer" if reading else "an answer"
        return RequestTimeout(f"{call}: waited {timeout:g} s in vain for {awaited}", timeout=timeout)
    if isinstance(error, aiohttp.ClientPayloadError):
        return ConnectionFailed(f"{call}: the answer stopped short or is damaged", phase="body")
    if isinstance(error, aiohttp.ClientResponseError):
        # Garbage on the wire; aiohttp gives it the status 400, which no server sent.
        return ConnectionFailed(f"{call}: the answer is not HTTP", phase="exchange")
    if isinstance(error, (aiohttp.ClientError, OSError)):
        phase, what = ("body", "within") if reading else ("exchange", "before")
        return ConnectionFailed(f"{call}: the connection was closed {what} the answer", phase=phase)
    if isinstance(error, RuntimeError) and "closed" in str(error):
        return ClientClosed(f"{call}: the session was closed")
    return None


def _connecting(error: BaseException, call: str) -> KauneongaError:
    cause = getattr(error, "os_error", None)
    number = getattr(cause, "errno", None)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return RequestTimeout(f"{call}: no connection came about in time", sent=False)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        permanent = error.status < 500  # noqa: PLR2004 - the server errors, RFC 9110, 15.6
        what = f"the proxy refused with {error.status}"
        return ConnectionFailed(f"{call}: {what}", phase="proxy", sent=False, permanent=permanent)
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return ConnectionFailed(f"{call}: the proxy could not be reached", phase="proxy", sent=False)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        permanent = number in _NO_SUCH_HOST
        what = f"there is no such host: {error.host}" if permanent else f"the name {error.host} could not be resolved"
        return ConnectionFailed(f"{call}: {what}", phase="resolve", sent=False, permanent=permanent)
    if isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ServerFingerprintMismatch)):
        what = "its certificate is not trusted: it is expired, of another host, or of an authority unknown here"
        return ConnectionFailed(f"{call}: {what}", phase="tls", sent=False, permanent=True)
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        permanent = not isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError))
        return ConnectionFailed(f"{call}: no TLS connection came about", phase="tls", sent=False, permanent=permanent)
    if isinstance(cause, PrivateAddress):
        what = "its host's address is private: allow_private_recordings=True would allow that"
        return ConnectionFailed(f"{call}: {what}", phase="connect", sent=False, permanent=True)
    if number in _OUT_OF_DESCRIPTORS:
        what = "no file descriptor is left in this process: close what is open, or raise its limit"
        return ConnectionFailed(f"{call}: {what}", phase="connect", sent=False, permanent=True)
    where = f" to {error.host}, port {error.port}," if isinstance(error, aiohttp.ClientConnectorError) else ""
    return ConnectionFailed(f"{call}: no connection{where} could be made", phase="connect", sent=False)


def _clean(error: BaseException) -> BaseException | None:
    cause = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    if isinstance(cause, aiohttp.ClientError):
        if isinstance(cause, OSError) and isinstance(cause.errno, int):
            return OSError(cause.errno, os.strerror(cause.errno))
        return aiohttp.ServerDisconnectedError() if isinstance(cause, aiohttp.ServerDisconnectedError) else None
    if isinstance(cause, (OSError, ssl.SSLError)):
        cause.__context__ = cause.__cause__ = None
        return cause.with_traceback(None)
    return None
