"""A canary for the token, and one for what messages say: neither is in a log, an error, a traceback or a pickle."""

from __future__ import annotations

import asyncio
import logging
import pickle
import traceback
from collections.abc import Callable, Coroutine, Iterator
from datetime import date
from typing import Any

import pytest

from kauneonga_async import KauneongaClient, Schedule, errors
from tests.wire import Exchange, WireServer, listing, response

Run = Callable[[Coroutine[Any, Any, Any]], Any]

TOKEN = "CANARYTOKEN0123456789"
TEXT = "CANARYTEXT please call the clinic about the results"
RECORD = {"id": 5, "created_at": "2025-01-05T12:00:00Z", "content": TEXT, "answers": {"x": TEXT}}


async def reset(exchange: Exchange) -> None:
    exchange.reset()


async def cut(exchange: Exchange) -> None:
    answer = response(body=listing([RECORD] * 50))
    await exchange.send(answer[: len(answer) // 2])
    exchange.reset()


FAULTS: dict[str, Any] = {
    "reset": reset,
    "cut": cut,
    "garbage": f"{TEXT}\r\n\r\n".encode(),
    "bad chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n" + TEXT.encode(),
    "bad header": f"HTTP/1.1 200 OK\r\n{TEXT}\r\n\r\n".encode(),
    "html": response(body=f"<html>{TEXT} {TOKEN}</html>".encode()),
    "malformed": response(body=listing([RECORD])[:-2] + f',{{"{TEXT}'.encode()),
    "wrong type": response(body=listing([{**RECORD, "read": TEXT}])),
    "wrong id": response(body=listing([{**RECORD, "id": TEXT}])),
    "no utf-8": response(body=listing([RECORD]).replace(b"CANARYTEXT", b"CANARYTEXT\xff")),
    "surrogate": response(body=listing([RECORD]).replace(b"CANARYTEXT", b"CANARYTEXT\\ud800")),
    "object": response(body=f'{{"data":{{"content":"{TEXT}"}}}}'.encode()),
    "success false": response(body=f'{{"success":false,"info":"no such token {TOKEN}"}}'.encode()),
    "invalid token": response(404, f'{{"success":false,"info":"Invalid token {TOKEN}"}}'.encode()),
    "refused": response(422, f'{{"info":"the text {TEXT} is too long"}}'.encode()),
    "status": response(500, TEXT.encode()),
    "throttled": response(429, TEXT.encode(), retry_after="9999"),
    "redirect": response(302, location=f"https://elsewhere.example/{TOKEN}?x={TOKEN}"),
    "encoding": response(body=TEXT.encode(), content_encoding="br"),
    "damaged": response(body=b"\x1f\x8b" + TEXT.encode(), content_encoding="gzip"),
    "calendar": response(body=listing([{**RECORD, "created_at": "2020-01-01T00:00:00Z"}])),
}


def surfaces(client: KauneongaClient) -> dict[str, Callable[[], Coroutine[Any, Any, Any]]]:
    schedule = Schedule(frequency="weekly", times=["9:00 AM"])
    return {
        "get": lambda: client.messages.get(5),
        "list": lambda: client.messages.list(date(2025, 1, 1), date(2025, 1, 9)),
        "get_many": lambda: client.messages.get_many([5, 6]).collect(),
        "to_dos": client.to_dos.list,
        "create": lambda: client.to_dos.create(
            account_number="W", delivery_type="sms", contact="c@example.com", from_="1", message_text=TEXT,
            schedule=schedule,
        ),
        "request": lambda: client.request("POST", "/v2/x", json={"text": TEXT}),
    }  # fmt: skip


def everything_shown(error: BaseException) -> Iterator[str]:
    """All that a log, a crash reporter or another process might be shown of an error."""
    seen: list[BaseException] = [error]
    for shown in seen:
        seen += [other for other in (shown.__cause__, shown.__context__) if other is not None and other not in seen]
        yield f"{shown} {shown!r} {shown.args!r} {getattr(shown, '__notes__', '')}"
        yield repr({name: value for name, value in vars(shown).items() if name not in ("body", "info")})
        yield repr(pickle.dumps(shown)) if isinstance(shown, errors.KauneongaError) else ""
        for frame, _ in traceback.walk_tb(shown.__traceback__):
            if "kauneonga_async" in frame.f_code.co_filename:
                for name, value in frame.f_locals.items():
                    yield f"{frame.f_code.co_qualname}: {name} = {value!r}"
        yield "".join(traceback.TracebackException.from_exception(shown, capture_locals=False).format())


@pytest.mark.parametrize("surface", ["get", "list", "get_many", "to_dos", "create", "request"])
@pytest.mark.parametrize("fault", FAULTS)
def test_no_canary_is_shown(fault: str, surface: str, caplog: pytest.LogCaptureFixture, run_jumping: Run) -> None:
    async def main() -> None:
        asyncio.get_running_loop().set_debug(True)
        events: list[object] = []
        async with (
            WireServer(FAULTS[fault]) as server,
            KauneongaClient(server.base_url, TOKEN, on_event=events.append, timeout=200) as client,
        ):
            try:
                await surfaces(client)[surface]()
            except Exception as error:  # noqa: BLE001 - whatever it is, it may show nothing
                failure: Exception | None = error
            else:
                failure = None
            assert not {line for line in map(repr, events) if "CANARY" in line}
            assert "CANARY" not in f"{client!r} {vars(client)!r} {vars(client._transport)!r}"
            if failure is not None:
                shown = [line for line in everything_shown(failure) if "CANARY" in line]
                assert shown == []

    caplog.set_level(logging.DEBUG)
    run_jumping(main())
    assert "CANARY" not in caplog.text
