"""Cases: what the caller does: bad input, and consumers that leave, stall, or come in thousands."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kauneonga_async import KauneongaClient, ServerCalendar
from kauneonga_async.errors import AuthenticationError, ClientClosed, ConfigurationError, WrongEventLoop
from kauneonga_async.sandbox import Sandbox
from tests.faults.cases import case
from tests.faults.harness import assert_nothing_is_held
from tests.wire import TOKEN, WireServer, response

INPUT, CONSUMER = "input", "the consumer"
UTC_DAYS = ServerCalendar("UTC", to_date_inclusive=True)


async def refused(folder: Path, call: Callable[[KauneongaClient], Any], error: type[Exception]) -> None:
    """Nothing may be sent: the server would be this machine's port 9, which nobody serves."""
    del folder
    async with KauneongaClient("http://127.0.0.1:9", TOKEN, max_retries=0) as client:
        with pytest.raises(error) as caught:
            found = call(client)
            await (found if hasattr(found, "__await__") else anext(aiter(found)))
        assert "127.0.0.1" not in str(caught.value)
        assert client._transport.sessions._pooled is None


async def never_made(folder: Path, options: dict[str, Any], error: type[Exception]) -> None:
    del folder
    with pytest.raises(error) as caught:
        KauneongaClient(**{"base_url": "https://acme.example", "token": TOKEN, **options})
    assert TOKEN not in str(caught.value)


def to_do(**fields: Any) -> Callable[[KauneongaClient], Any]:
    usual = {
        "account_number": "W1",
        "delivery_type": "sms",
        "contact": "a",
        "from_": "b",
        "message_text": "c",
        "schedule": {"frequency": "weekly"},
    }
    return lambda client: client.to_dos.create(**{**usual, **fields})


def header(name: str, value: str) -> Callable[[KauneongaClient], Any]:
    return lambda client: client.messages.get(1, extra_headers={name: value})


def stream(*bounds: Any, **options: Any) -> Callable[[KauneongaClient], Any]:
    return lambda client: client.messages.stream(*bounds, **options)


for _id in ("../1", "1?x=y", "1", "\u0661", 0, -1, 2**63, True, 1.0, None, b"1"):
    _kind = TypeError if not isinstance(_id, int) or isinstance(_id, bool) else ValueError
    case(INPUT, f"the id {_id!r}", f"`{_kind.__name__}` before any request")(
        partial(refused, call=lambda client, one=_id: client.messages.get(one), error=_kind)  # type: ignore[misc]
    )
for _fault, _call, _kind in (
    ("CR and LF in a header's value", header("X-Note", "a\r\nAuthorization: b"), ValueError),
    ("a control character in a header's value", header("X-Note", "a\x00b"), ValueError),
    ("a header's name with a space", header("X Note", "a"), ValueError),
    ("an Authorization header besides", header("Authorization", "Bearer x"), ValueError),
    ("a date as text", stream("2025-01-01"), TypeError),
    ("a date as the API writes it", stream(date(2025, 1, 1), "01-31-2025"), TypeError),
    ("a bad id among many", lambda client: client.messages.get_many([1, "../2"]), TypeError),
    ("a date and a datetime", stream(date(2025, 1, 1), datetime(2025, 1, 2, tzinfo=UTC)), TypeError),
    ("a window of no days", stream(date(2025, 1, 1), window=timedelta()), ValueError),
    ("a window of minus three days", stream(date(2025, 1, 1), window=timedelta(days=-3)), ValueError),
    ("a window of a day and a half", stream(date(2025, 1, 1), window=timedelta(days=1.5)), ValueError),
    ("a concurrency of 0", stream(date(2025, 1, 1), concurrency=0), ValueError),
    ("a timeout of nan", stream(date(2025, 1, 1), timeout=float("nan")), ValueError),
    ("an endless timeout", stream(date(2025, 1, 1), timeout=float("inf")), ValueError),
    ("a path that leads out of the API", lambda client: client.request("GET", "/v2/../admin"), ValueError),
    ("a path with a query", lambda client: client.request("GET", "/v2/agents?a=b"), ValueError),
):
    case(INPUT, _fault, f"`{_kind.__name__}` before any request")(partial(refused, call=_call, error=_kind))
for _fault, _options in (
    ("a token with a line break", {"token": f"{TOKEN}\n"}),
    ("a token with CR and LF in it", {"token": f"{TOKEN}\r\nX-Evil: 1"}),
    ("a token that is not ASCII", {"token": f"{TOKEN}é"}),
    ("an empty token", {"token": ""}),
    ("a base URL with a password", {"base_url": f"https://u:{TOKEN}@acme.example"}),
    ("a base URL with a query", {"base_url": "https://acme.example/?token=x"}),
    ("a base URL of another scheme", {"base_url": "ftp://acme.example"}),
    ("a base URL without a host", {"base_url": "https:///api"}),
):
    case(INPUT, _fault, "`ConfigurationError` before any request; the token is not shown")(
        partial(never_made, options=_options, error=ConfigurationError)
    )


async def left(folder: Path, leave: Callable[[Any], Any]) -> None:
    del folder
    async with Sandbox(messages=400) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        await leave(client.messages.stream(date(2025, 1, 1), date(2025, 3, 31), window=timedelta(days=9)))
        gc.collect()
        for _ in range(30):
            await asyncio.sleep(0)
        assert_nothing_is_held(client)
        assert len(await client.messages.list(date(2025, 1, 1), date(2025, 3, 31))) == 400


async def _break(records: Any) -> None:
    async for _ in records:
        break


async def _raise(records: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        async for _ in records:
            raise ZeroDivisionError


async def _abandon(records: Any) -> None:
    await anext(aiter(records))


async def _cancel_everywhere(records: Any) -> None:
    for turns in range(0, 60, 3):
        task = asyncio.create_task(records.collect())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])


async def _slow(records: Any) -> None:
    count = 0
    async for batch in records.batches():
        await asyncio.sleep(100)
        count += len(batch)
    assert count == 400


for _fault, _leave in (
    ("a loop that is left by break", _break),
    ("a loop whose body raises", _raise),
    ("an iterator that is abandoned", _abandon),
    ("a task that is cancelled, at every turn of the loop", _cancel_everywhere),
    ("a consumer that takes 100 seconds for each batch", _slow),
):
    case(CONSUMER, _fault, "every connection is released, no task is left, and nothing is lost")(
        partial(left, leave=_leave)
    )


@case(CONSUMER, "a token that is refused while many windows are read", "`AuthenticationError`; all others end at once")
async def refused_token(folder: Path) -> None:
    del folder
    async with Sandbox(messages=400) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        stream = client.messages.stream(date(2025, 1, 1), date(2025, 12, 31), window=timedelta(days=1), concurrency=4)
        with pytest.raises(AuthenticationError):
            async for _ in stream:
                sandbox.configure(token="another")
                sandbox.requests.clear()
        assert len(sandbox.requests) <= 12
        assert_nothing_is_held(client)


@case(CONSUMER, "a client that was closed", "`ClientClosed`")
async def closed(folder: Path) -> None:
    del folder
    client = KauneongaClient("https://acme.example", TOKEN)
    await client.aclose()
    with pytest.raises(ClientClosed):
        await client.messages.get(1)


@case(CONSUMER, "a client that is used from two event loops", "`WrongEventLoop`")
async def two_loops(folder: Path) -> None:
    del folder
    async with Sandbox(messages=10) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        await client.messages.get(1001)
        met: list[BaseException] = []

        def elsewhere() -> None:
            try:
                asyncio.run(client.messages.get(1001))
            except WrongEventLoop as error:
                met.append(error)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        await asyncio.to_thread(thread.join)
        assert len(met) == 1


@case(CONSUMER, "10,000 tasks at once", "as many requests in flight as the client has places, and all are answered")
async def many(folder: Path) -> None:
    del folder
    answer = response(200, b'{"data":{"id":1}}')
    async with (
        WireServer(answer) as server,
        KauneongaClient(server.base_url, TOKEN, timeout=3600.0, max_retries=0) as client,
    ):
        found = await asyncio.gather(*(client.messages.get(1, record_type=dict) for _ in range(10_000)))
        assert found == [{"id": 1}] * 10_000
        assert len(server.exchanges) == 10_000
        session = client._transport.sessions._pooled
        assert session is not None
        assert len(next(iter(session.connector._conns.values()))) <= client.concurrency  # type: ignore[union-attr]
