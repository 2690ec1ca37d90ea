"""Request and Answer: what one call asks for, and what came back and may still be arriving."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Container, Mapping
from contextlib import suppress
from io import BytesIO
from random import Random
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from kauneonga_async import config
from kauneonga_async.errors import ConnectionFailed, DecodeError, KauneongaError, StatusError
from kauneonga_async.transport.alarms import Alarms
from kauneonga_async.transport.body import Body
from kauneonga_async.transport.failures import translate
from kauneonga_async.transport.patience import ENDLESS, Patience
from kauneonga_async.transport.responses import error_for, place_of
from kauneonga_async.transport.throttle import Throttle
from kauneonga_async.transport.tokens import Authorization

__all__ = ["NOT_MODIFIED", "READABLE", "Answer", "Request", "new_request_id"]

READABLE = range(200, 204)
NOT_MODIFIED = 304
REPEATABLE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# Of our own: programs seed the module's, and would use the same ids in each run. A child process must have others too.
_random = Random()  # noqa: S311 - no secret
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.seed)


def new_request_id() -> str:
    """Return an id that Rails adopts as its own: letters, digits and hyphens, at most 255 of them."""
    return f"{_random.getrandbits(128):032x}"


class Request(msgspec.Struct, kw_only=True):
    """One call, over all its tries.

    Attributes:
        method: The HTTP method.
        url: The whole URL.
        request_id: The ``X-Request-Id`` of all tries.
        options: Timeout, retries and headers.
        body: What is sent, JSON.
        streaming: Whether the timeout bounds the wait for the next bytes, and not the whole call.
        accepts: Statuses whose answer is read; any other is a refusal.
        headers: Makes the headers that a try sends in place of the API's own.
        etag: The ETag of an answer that is there already: the server may say that it still holds.
        foreign: Whether it goes to another host than the API's: without token, and with no path in any message.
        lets_others_by: Whether it gives up its place in flight after a while, though it goes on.
        splits: Whether the caller has an answer of its own to a timeout, 413 and 504.
        is_one_of_many: Whether the time for which it waits for its turn, behind its siblings, or for as long as the
            server asked, does not count against its timeout.
        sent: Whether any of the latest try may have reached the server.
        attempts: Tries made so far.
        deadline: When the call must be over, by the loop's clock; None for a stream.
        patience: What ends the call then, where some of its waiting does not count.
        authorization: What the latest try was sent with.
        failure: What the latest failed try ended in.
    """

    method: str
    url: URL
    request_id: str
    options: config.CallOptions
    body: bytes | None = None
    accepts: Container[int] = READABLE
    headers: Callable[[], dict[str, str]] | None = None
    etag: str | None = None
    foreign: bool = False
    streaming: bool = False
    lets_others_by: bool = False
    splits: bool = False
    is_one_of_many: bool = False
    sent: bool = False
    attempts: int = 0
    deadline: float | None = None
    patience: Patience | None = None
    authorization: Authorization | None = None
    failure: KauneongaError | None = None

    @property
    def repeatable(self) -> bool:
        """Whether doing it twice is the same as doing it once (RFC 9110, 9.2.2)."""
        return self.method in REPEATABLE_METHODS

    def excuse(self, seconds: float) -> None:
        """Let a wait not count against the timeout, where that is how its waits are."""
        if self.patience is not None and self.deadline is not None:
            self.patience.excuse(seconds)
            self.deadline += seconds

    def __str__(self) -> str:
        if self.foreign:
            return f"{self.method} {self.url.origin()}/..."
        return f"{self.method} {place_of(self.url)}"

    def __repr__(self) -> str:
        return f"Request({self})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("call", str(self))]


class Answer:
    """A response with its head read and its body still to come.

    Attributes:
        status: The HTTP status.
        headers: The response's headers.
        url: The URL that answered.
    """

    def __init__(self, response: aiohttp.ClientResponse, request: Request, throttle: Throttle, alarms: Alarms) -> None:
        self.status: int = response.status
        self.headers: Mapping[str, str] = response.headers
        self.url: URL = request.url
        self._response = response
        self._request = request
        self._throttle = throttle
        self._alarms = alarms
        self._aside = False
        self._body: Body | None = None

    @property
    def received(self) -> int:
        """Inflated bytes of the body that were read so far."""
        return self._body.received if self._body else 0

    async def read(self) -> bytes:
        """Return the next slice of the body, empty at the end.

        Raises:
            ConnectionFailed: The body stops short or is damaged.
            RequestTimeout: The next bytes did not come in time.
        """
        failure: BaseException
        try:
            if self._body is None:
                self._body = Body(self._response)
            with Patience(self._alarms, self._request.options.timeout) if self._request.streaming else ENDLESS:
                return await self._body.read()
        except (ConnectionFailed, DecodeError) as error:
            failure = self.identify(error)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            failure = self.translate(error)
        except asyncio.CancelledError as error:
            failure = error
        # Outside of the handler, and without the frames below: neither what aiohttp raised is to be found on the
        # error, nor the bytes that those frames hold.
        raise failure.with_traceback(None)

    async def read_whole(self, most: int = config.LARGEST_OBJECT) -> bytes:
        """Return the whole body.

        Args:
            most: Bytes beyond which it is refused.
        """
        whole = BytesIO()  # whose repr, unlike a list's, shows nothing in a traceback
        while whole.write(await self.read()):
            if whole.tell() > most:
                raise self.identify(DecodeError(f"the answer is larger than {most:,} bytes"))
            if self._body is not None and self._body.has_ended:
                break  # as most answers do that are no list
        return whole.getvalue()

    async def refusal(self) -> StatusError:
        """Return the error that this answer's status and body mean."""
        kept = BytesIO()
        with suppress(ConnectionFailed, DecodeError):  # the status says enough
            while kept.tell() < config.LARGEST_ERROR_BODY and kept.write(await self.read()):
                pass
        return self.refused(kept.getvalue()[: config.LARGEST_ERROR_BODY])

    def refused(self, body: bytes, info: str | None = None) -> StatusError:
        """Return the error that a refusal's body means.

        Args:
            body: As much of it as was kept.
            info: The server's explanation, where the body was not kept.
        """
        if info is not None and not body:
            body = msgspec.json.encode({"success": False, "info": info})
        return error_for(
            self.status,
            self.headers,
            body,
            call=str(self._request),
            method=self._request.method,
            url=self._request.url.origin() if self._request.foreign else self._request.url,
            request_id=self._request.request_id,
            foreign=self._request.foreign,
        )

    def translate(self, error: Exception) -> KauneongaError:
        """Return the error that an exception met while reading means."""
        translated = translate(
            error,
            call=str(self._request),
            request_id=self._request.request_id,
            timeout=self._request.options.timeout,
            reading=True,
        )
        assert translated is not None
        return translated

    def identify(self, error: Any) -> Any:
        """Return an error with the call and its id added to what it says."""
        error.args = (f"{self._request}: {error} (request id {self._request.request_id})",)
        error.request_id = self._request.request_id
        return error

    def stand_aside(self) -> None:
        """Give up the place in flight while the consumer holds this answer back."""
        if not self._aside:
            self._aside = True
            self._throttle.stand_aside()

    def come_back(self) -> None:
        """Take the place in flight again."""
        if self._aside:
            self._aside = False
            self._throttle.come_back()

    def __str__(self) -> str:
        return str(self._request)

    def close(self) -> None:
        """Release the connection: to the pool if the body was read to its end, else for good."""
        self.come_back()
        if not self._response.closed:
            self._response.release()
