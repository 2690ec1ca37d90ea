"""A web developer's application in aiohttp.web: one message, and a range as NDJSON.

Needs KAUNEONGA_BASE_URL and KAUNEONGA_TOKEN; `kauneonga sandbox` prints both for a server to try it on. Serve it with
`python -m aiohttp.web web_aiohttp:make_app`; started as a script, it asks itself for a day and ends.
"""

from __future__ import annotations

import asyncio
from datetime import date

import aiohttp
import msgspec
from aiohttp import web

from kauneonga_async.integrations.aiohttp_web import CLIENT, answer_errors, client_context, send_ndjson


async def get_message(request: web.Request) -> web.Response:
    """Answer with one message, as the server sent it; 404 if there is none."""
    message_id = int(request.match_info["message_id"])
    message = await request.config_dict[CLIENT].messages.get(message_id, record_type=msgspec.Raw)
    return web.Response(body=bytes(message), content_type="application/json")


async def list_messages(request: web.Request) -> web.StreamResponse:
    """Answer with a range, a line each, as fast as the browser takes them."""
    try:
        first, last = (date.fromisoformat(request.query[name]) for name in ("first", "last"))
    except (KeyError, ValueError):
        raise web.HTTPUnprocessableEntity(text="first and last: two dates are needed, as 2025-01-02") from None
    if first > last:
        raise web.HTTPUnprocessableEntity(text="first: it must not be after last")
    messages = request.config_dict[CLIENT].messages.stream(first, last, record_type=msgspec.Raw)
    return await send_ndjson(request, messages)


def make_app(arguments: list[str] | None = None) -> web.Application:
    """Return the application."""
    app = web.Application(middlewares=[answer_errors])
    app.cleanup_ctx.append(client_context())
    app.router.add_get(r"/messages/{message_id:[1-9]\d{0,17}}", get_message)
    app.router.add_get("/messages", list_messages)
    return app


async def main() -> None:
    """Serve the application, and ask it for a day."""
    runner = web.AppRunner(make_app(), handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = "http://{}:{}/messages?first=2025-01-02&last=2025-01-02".format(*runner.addresses[0])
        async with aiohttp.ClientSession() as browser, browser.get(url) as answer:
            async for line in answer.content:
                print(msgspec.json.decode(line)["id"])
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
