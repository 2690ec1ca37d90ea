"""Harness: one fault, on one surface, over a real socket; and what must not leak, whatever comes of it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import traceback
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from kauneonga_async import KauneongaClient, Schedule, ServerCalendar, errors
from tests.data import example
from tests.faults.table import RETRIES, Fails, Outcome, Row, Step, Surface, Works
from tests.wire import TOKEN, Exchange, WireServer, response

__all__ = ["CANARY", "RECORDS", "assert_nothing_leaks", "attempt", "check", "good_body", "observe"]

CANARY = "CANARY-TEXT-5b1e"
DAY = date(2025, 1, 1)


def _record(number: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(example("message"))["data"]
    return {**found, "id": number, "content": f"{CANARY} {number}", "created_at": f"2025-01-01T1{number}:00:00.000Z"}


RECORDS = [_record(number) for number in (1, 2, 3)]
_BODIES = {
    "get": msgspec.json.encode({"data": RECORDS[0]}),
    "stream": msgspec.json.encode({"data": RECORDS}),
    "create": example("to_do"),
}


def good_body(surface: Surface) -> bytes:
    """Return what a server without a fault answers."""
    return _BODIES[surface]


def surface_of(exchange: Exchange) -> Surface:
    if exchange.method == "POST":
        return "create"
    return "stream" if "?" in exchange.target else "get"


async def attempt(client: KauneongaClient, surface: Surface) -> Any:
    """Make a surface's call."""
    if surface == "get":
        return await client.messages.get(1)
    if surface == "stream":
        return [message async for message in client.messages.stream(DAY, DAY)]
    return await client.to_dos.create(
        account_number="W0411",
        delivery_type="sms",
        contact="jose@kauneonga.com",
        from_="+17542838007",
        message_text=CANARY,
        schedule=Schedule(frequency="weekly", times=["9:00 AM"], days=["Tuesday"]),
    )


async def observe(row: Row, surface: Surface, *, lasting: bool) -> tuple[Outcome, Exception | None, str]:
    """Run into a fault; return what came of it, the error if there was one, and all that was logged."""

    async def serve(exchange: Exchange) -> None:
        body = good_body(surface_of(exchange))
        if lasting or len(server.exchanges) == 1:
            await row.step(exchange, body)
        else:
            await exchange.send(response(201 if exchange.method == "POST" else 200, body))

    logged = io.StringIO()
    handler = logging.StreamHandler(logged)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    options = {"max_retries": RETRIES, "timeout": 5.0, "calendar": ServerCalendar("UTC", to_date_inclusive=True)}
    error: Exception | None = None
    outcome: Outcome
    try:
        async with WireServer(serve) as server:
            async with KauneongaClient(server.base_url, TOKEN, **{**options, **row.options}) as client:
                try:
                    result = await attempt(client, surface)
                    outcome = Works(len(server.exchanges), len(result) if surface == "stream" else 3)
                except errors.KauneongaError as failure:
                    error, outcome = failure, Fails(type(failure), len(server.exchanges))
                assert_nothing_is_held(client)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    return outcome, error, logged.getvalue()


async def check(row: Row, surface: Surface, expected: Outcome) -> None:
    """Make sure that what comes of a fault is what the table says: if it is there each time, and if only once."""
    outcome, error, logged = await observe(row, surface, lasting=True)
    says = expected.says if isinstance(expected, Fails) else ""
    assert outcome == (Fails(expected.error, expected.requests) if isinstance(expected, Fails) else expected)
    if error is not None:
        assert says in str(error)
        assert_nothing_leaks([logged, *faces_of(error)])
    if not isinstance(expected, Fails) or expected.requests == 1:
        return
    once, error, logged = await observe(row, surface, lasting=False)
    assert once == Works(2)
    assert_nothing_leaks([logged])


def faces_of(error: BaseException) -> list[str]:
    """Return whatever an error may be shown as."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    return [str(error), repr(error), "".join(shown.format())]


def assert_nothing_leaks(texts: Sequence[str]) -> None:
    """Make sure that neither the token nor a message's text is in there."""
    for text in texts:
        shown = _without_test_frames(text)
        assert TOKEN not in shown
        assert CANARY not in shown


def _without_test_frames(text: str) -> str:
    """Leave out what the tests' own frames hold, which is both."""
    kept: list[str] = []
    in_test = False
    for line in text.splitlines():
        if line.lstrip().startswith('File "'):
            in_test = "/tests/" in line
        if not in_test:
            kept.append(line)
    return "\n".join(kept)


def assert_nothing_is_held(client: KauneongaClient) -> None:
    """Make sure that no connection is in use, and no stream's task running."""
    sessions = client._transport.sessions
    for session in (sessions._pooled, sessions._single):
        assert session is None or not session.connector._acquired  # type: ignore[union-attr]
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("kauneonga stream")]


def step_of(data: bytes) -> Step:
    """Return the step of a server that sends these bytes."""

    async def step(exchange: Exchange, good: bytes) -> None:
        del good
        await exchange.send(data)

    return step
