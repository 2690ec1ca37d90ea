"""A web developer's application in FastAPI: one message, and a range as NDJSON.

Needs KAUNEONGA_BASE_URL and KAUNEONGA_TOKEN; `kauneonga sandbox` prints both for a server to try it on. Serve it with
`uvicorn web_fastapi:app`; started as a script, it asks itself for a day and ends.
"""

from __future__ import annotations

import asyncio
import socket
from datetime import date
from typing import Annotated

import aiohttp
import msgspec
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Path, Response

from kauneonga_async import KauneongaClient
from kauneonga_async.errors import KauneongaError
from kauneonga_async.integrations.starlette import NDJSONResponse, answer_error, get_client, lifespan

app = FastAPI(lifespan=lifespan(KauneongaClient), exception_handlers={KauneongaError: answer_error})
Client = Annotated[KauneongaClient, Depends(get_client)]


@app.get("/messages/{message_id}")
async def get_message(message_id: Annotated[int, Path(ge=1, lt=2**63)], client: Client) -> Response:
    """Answer with one message, as the server sent it; 404 if there is none."""
    message = await client.messages.get(message_id, record_type=msgspec.Raw)
    return Response(bytes(message), media_type="application/json")


@app.get("/messages")
async def list_messages(first: date, last: date, client: Client) -> NDJSONResponse:
    """Answer with a range, a line each, as fast as the browser takes them."""
    if first > last:
        raise HTTPException(422, "first: it must not be after last")
    return NDJSONResponse(client.messages.stream(first, last, record_type=msgspec.Raw))


async def main() -> None:
    """Serve the application, and ask it for a day."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        serving = asyncio.create_task(server.serve([listener]))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/messages?first=2025-01-02&last=2025-01-02"
        async with aiohttp.ClientSession() as browser, browser.get(url) as answer:
            async for line in answer.content:
                print(msgspec.json.decode(line)["id"])
        server.should_exit = True
        await serving


if __name__ == "__main__":
    asyncio.run(main())
