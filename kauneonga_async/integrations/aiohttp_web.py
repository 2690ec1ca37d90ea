"""aiohttp.web: a client for the application's life, its errors as answers, and ranges as NDJSON.

::

    app = web.Application(middlewares=[answer_errors])
    app.cleanup_ctx.append(client_context(KauneongaClient))

    async def messages(request: web.Request) -> web.StreamResponse:
        client = request.config_dict[CLIENT]
        return await send_ndjson(request, client.messages.stream(first, last, record_type=msgspec.Raw))
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

import anyio
from aiohttp import web
from aiohttp.typedefs import Handler

from kauneonga_async.client import KauneongaClient
from kauneonga_async.errors import KauneongaError
from kauneonga_async.integrations.error_answers import answer_for, log_cut
from kauneonga_async.integrations.ndjson import HEADERS, MEDIA_TYPE, to_ndjson
from kauneonga_async.streams import RecordStream

__all__ = ["CLIENT", "answer_errors", "client_context", "send_ndjson"]

CLIENT: Final = web.AppKey("kauneonga", KauneongaClient)
"""Where the client is: ``request.config_dict[CLIENT]``, in the application and in those below it."""

_LOOK_SECONDS = 0.1


def client_context(
    make: Callable[[], KauneongaClient] = KauneongaClient,
) -> Callable[[web.Application], AsyncIterator[None]]:
    """Return a cleanup context that opens one client when the application starts, and closes it when that ends.

    Args:
        make: Makes the client; without it, ``KAUNEONGA_BASE_URL`` and ``KAUNEONGA_TOKEN`` say what it is made of.
    """

    async def run(app: web.Application) -> AsyncIterator[None]:
        async with make() as client:
            app[CLIENT] = client
            yield

    return run


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what a call of the client's raised, with the statuses of ``integrations.error_answers``."""
    try:
        return await handler(request)
    except KauneongaError as error:
        if _is_gone(request):
            raise  # whether it went by itself or was cut off
        answer = answer_for(error)
    return web.Response(body=answer.body, status=answer.status, headers=answer.headers)


async def send_ndjson(
    request: web.Request, stream: RecordStream[Any], *, headers: Mapping[str, str] | None = None
) -> web.StreamResponse:
    """Send records as NDJSON, a line each, at the browser's pace, and return the response.

    Nothing is sent before the first records are there: an error until then is answered as any other. An error later
    cuts the connection, so that the body cannot be taken for a whole one. When the browser goes away, the stream is
    closed and its connections are released: at once while something is being sent to it, or where the application runs
    with ``handler_cancellation=True``, otherwise within a tenth of a second.

    Args:
        request: The browser's request.
        stream: The records: of ``msgspec.Raw``, the fastest, or any other type. It is closed here.
        headers: Headers besides its own.

    Raises:
        KauneongaError: The records cannot be had.
    """
    response = web.StreamResponse(headers={**HEADERS, **(headers or {}), "Content-Type": MEDIA_TYPE})
    failure: Exception | None = None
    # The stream is closed outside of the scope that is cancelled when the browser goes: there it can be waited for.
    async with stream, anyio.create_task_group() as group:
        group.start_soon(_wait_until_gone, request, group.cancel_scope)
        try:
            await _send(request, response, stream)
        except ConnectionError:
            pass  # the browser went while something was sent to it
        except Exception as error:  # noqa: BLE001 - raised below, without a group around it
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
    return response


async def _send(request: web.Request, response: web.StreamResponse, stream: RecordStream[Any]) -> None:
    if request.method == "HEAD":
        await response.prepare(request)
        return
    batches = stream.batches()
    batch = await anext(batches, None)
    await response.prepare(request)
    try:
        while batch is not None:
            if batch:
                await response.write(to_ndjson(batch))
            batch = await anext(batches, None)
    except ConnectionError:
        raise
    except Exception as error:
        log_cut(error)
        if request.transport is not None:
            request.transport.abort()
        raise


async def _wait_until_gone(request: web.Request, scope: anyio.CancelScope) -> None:
    # aiohttp tells nobody who waits for something else that the connection is lost, unless it cancels handlers.
    while not _is_gone(request):  # noqa: ASYNC110 - there is no event
        await anyio.sleep(_LOOK_SECONDS)
    scope.cancel()


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
