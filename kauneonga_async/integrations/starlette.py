"""Starlette and FastAPI: a client for the application's life, its errors as answers, and ranges as NDJSON.

::

    app = FastAPI(lifespan=lifespan(KauneongaClient), exception_handlers={KauneongaError: answer_error})
    Client = Annotated[KauneongaClient, Depends(get_client)]

    @app.get("/messages")
    async def messages(client: Client, first: date, last: date) -> NDJSONResponse:
        return NDJSONResponse(client.messages.stream(first, last, record_type=msgspec.Raw))
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from http import HTTPStatus
from typing import Any

import anyio
import anyio.lowlevel
from starlette.background import BackgroundTask
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from kauneonga_async.client import KauneongaClient
from kauneonga_async.errors import ConfigurationError, KauneongaError
from kauneonga_async.integrations.error_answers import answer_for, log_cut
from kauneonga_async.integrations.ndjson import HEADERS, MEDIA_TYPE, to_ndjson
from kauneonga_async.streams import RecordStream

__all__ = ["NDJSONResponse", "answer_error", "get_client", "lifespan"]

_STATE = "kauneonga"


def lifespan(
    make: Callable[[], KauneongaClient] = KauneongaClient,
) -> Callable[[Any], AbstractAsyncContextManager[dict[str, Any]]]:
    """Return a lifespan that opens one client when the application starts, and closes it when that ends.

    In a lifespan of your own, enter it, and yield its state with yours::

        async with lifespan(make_client)(app) as state:
            yield {**state, "database": database}

    Args:
        make: Makes the client; without it, ``KAUNEONGA_BASE_URL`` and ``KAUNEONGA_TOKEN`` say what it is made of.
    """

    @asynccontextmanager
    async def run(app: Any) -> AsyncIterator[dict[str, Any]]:
        async with make() as client:
            yield {_STATE: client}

    return run


def get_client(connection: HTTPConnection) -> KauneongaClient:
    """Return the application's client: a dependency for FastAPI's ``Depends``, or to be called with the request.

    Raises:
        ConfigurationError: The application was not given the lifespan, or its server runs none.
    """
    client = getattr(connection.state, _STATE, None)
    if not isinstance(client, KauneongaClient):
        raise ConfigurationError("the application has no client: give it lifespan=lifespan(...)")
    return client


async def answer_error(request: Request, error: Exception) -> Response:
    """Answer what a call of the client's raised: an exception handler for :class:`KauneongaError`.

    The statuses are those of ``kauneonga_async.integrations.error_answers``.
    """
    assert isinstance(error, KauneongaError)
    answer = answer_for(error)
    return Response(answer.body, answer.status, answer.headers)


class NDJSONResponse(Response):
    """Records as NDJSON, a line each, at the browser's pace.

    Nothing is sent before the first records are there: an error until then is answered as any other. An error later
    cuts the body off, so that it cannot be taken for a whole one. When the browser goes away, the stream is closed
    and its connections are released.

    Args:
        stream: The records: of ``msgspec.Raw``, the fastest, or any other type. The response closes it.
        headers: Headers besides its own.
        background: What to run when the records are sent.
    """

    media_type = MEDIA_TYPE

    def __init__(
        self,
        stream: RecordStream[Any],
        *,
        headers: Mapping[str, str] | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        # Not the base class's: it would give it a body, and its length.
        self._stream = stream
        self.status_code = HTTPStatus.OK
        self.background = background
        self.init_headers({**HEADERS, **(headers or {})})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the records."""
        failure: Exception | None = None
        # The stream is closed outside of the scope that is cancelled when the browser goes: there it can be waited for.
        async with self._stream, anyio.create_task_group() as group:

            async def send_or_leave(message: Message) -> None:
                try:
                    await send(message)
                except OSError:  # how servers of ASGI 2.4 tell that the browser is gone
                    group.cancel_scope.cancel()
                    await anyio.lowlevel.checkpoint()

            group.start_soon(_wait_until_gone, receive, group.cancel_scope)
            try:
                await (self._send_head if scope["method"] == "HEAD" else self._send_records)(send_or_leave)
            except Exception as error:  # noqa: BLE001 - raised below, without a group around it
                failure = error
            group.cancel_scope.cancel()
        if failure is not None:
            raise failure
        if self.background is not None:
            await self.background()

    async def _send_head(self, send: Send) -> None:
        await send(self._start())
        await send({"type": "http.response.body"})

    async def _send_records(self, send: Send) -> None:
        batches = self._stream.batches()
        batch = await anext(batches, None)
        await send(self._start())
        try:
            while batch is not None:
                if batch:
                    await send({"type": "http.response.body", "body": to_ndjson(batch), "more_body": True})
                batch = await anext(batches, None)
        except Exception as error:
            log_cut(error)
            # To raise is not enough: Starlette's BaseHTTPMiddleware would end the body as if it were whole (tried,
            # 1.10). A message that has no place here is refused by the middleware, or by the server itself.
            with suppress(Exception):
                await send({"type": "http.response.cut"})
            raise
        await send({"type": "http.response.body"})

    def _start(self) -> Message:
        return {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}


async def _wait_until_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
