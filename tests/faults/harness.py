"""Harness: one fault, on one surface, over a real socket; and what must not leak, whatever comes of it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from kauneonga_async import KauneongaClient, Schedule, ServerCalendar, ToDo, config, errors
from tests.canaries import pickled
from tests.data import example
from tests.faults.table import RETRIES, Fails, Outcome, Row, Step, Surface, Works
from tests.wire import TOKEN, Exchange, WireServer, response

__all__ = [
    "CANARY",
    "DAY",
    "OPTIONS",
    "RECORDS",
    "TIMEOUT",
    "assert_nothing_is_held",
    "assert_nothing_leaks",
    "attempt",
    "check",
    "faces_of",
    "good_body",
    "observe",
    "step_of",
    "surface_of",
]

CANARY = "CANARY-TEXT-5b1e"
DAY = date(2025, 1, 1)
TIMEOUT = 5.0  # seconds for a call, and for each wait of a stream
OPTIONS: dict[str, Any] = {"timeout": TIMEOUT, "calendar": ServerCalendar("UTC", to_date_inclusive=True)}


def _record(number: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(example("message"))["data"]
    return {**found, "id": number, "content": f"{CANARY} {number}", "created_at": f"2025-01-01T1{number}:00:00.000Z"}


RECORDS = [_record(number) for number in (1, 2, 3)]
_BODIES = {
    "get": msgspec.json.encode({"data": RECORDS[0]}),
    "stream": msgspec.json.encode({"data": RECORDS}),
    "create": example("to_do"),
}


class Seen(NamedTuple):
    """What came of a fault.

    Attributes:
        outcome: What the caller got.
        error: The error, if there was one.
        shown: All that was logged, and told to the hook.
        seconds: How long it took.
        pauses: Seconds from each request to the next.
    """

    outcome: Outcome
    error: Exception | None
    shown: str
    seconds: float
    pauses: list[float]


def good_body(surface: Surface) -> bytes:
    """Return what a server without a fault answers."""
    return _BODIES[surface]


def surface_of(exchange: Exchange) -> Surface:
    """Return which surface's request this is."""
    if exchange.method == "POST":
        return "create"
    return "stream" if "?" in exchange.target else "get"


async def attempt(client: KauneongaClient, surface: Surface, **options: Any) -> Any:
    """Make a surface's call; return how many records came out, of which none was another than the server's."""
    if surface == "get":
        assert (await client.messages.get(1)).id in (1, 7)
        return 3
    if surface == "stream":
        found = [message.id async for message in client.messages.stream(DAY, DAY, **options)]
        assert len(found) == len(set(found))
        assert set(found) <= {1, 2, 3, 7}
        return len(found)
    created = await client.to_dos.create(
        account_number="W0411",
        delivery_type="sms",
        contact="jose@kauneonga.com",
        from_="+17542838007",
        message_text=CANARY,
        schedule=Schedule(frequency="weekly", times=["9:00 AM"], days=["Tuesday"]),
    )
    assert isinstance(created, ToDo)
    return 3


async def observe(row: Row, surface: Surface, *, lasting: bool, **options: Any) -> Seen:
    """Run into a fault.

    Args:
        row: The fault.
        surface: The call that meets it.
        lasting: Whether it is there each time, and not the first time only.
        options: What the call is given besides.
    """
    moments: list[float] = []
    now = asyncio.get_running_loop().time

    async def serve(exchange: Exchange) -> None:
        moments.append(now())
        body = good_body(surface_of(exchange))
        if lasting or len(server.exchanges) == 1:
            await row.step(exchange, body)
        else:
            await exchange.send(response(201 if exchange.method == "POST" else 200, body))

    error: Exception | None = None
    outcome: Outcome
    events: list[object] = []
    with _logged() as logged:
        async with WireServer(serve) as server:
            made_with = {"max_retries": RETRIES, "on_event": events.append, **OPTIONS, **row.options}
            async with KauneongaClient(server.base_url, TOKEN, **made_with) as client:
                began = now()
                try:
                    outcome = Works(records=await attempt(client, surface, **options))
                except errors.KauneongaError as failure:
                    error, outcome = failure, Fails(type(failure))
                seconds = now() - began
                outcome = msgspec.structs.replace(outcome, requests=len(server.exchanges))
                assert_nothing_is_held(client)
                events.append(client)
    shown = f"{logged.getvalue()} {events}"
    return Seen(outcome, error, shown, seconds, [after - before for before, after in pairwise(moments)])


async def check(row: Row, surface: Surface, expected: Outcome) -> None:
    """Make sure that what comes of a fault is what the table says: if it is there each time, and if only once."""
    asyncio.get_running_loop().set_debug(True)  # which has more of what goes on logged
    seen = await observe(row, surface, lasting=True)
    assert seen.outcome == expected
    timeout = row.options.get("timeout", TIMEOUT)
    # A stream has its timeout for each wait, and waits between its tries.
    longest = timeout if surface != "stream" else expected.requests * (timeout + config.LONGEST_BACKOFF)
    assert seen.seconds < longest + 1
    assert all(pause >= row.pause for pause in seen.pauses)
    assert_nothing_leaks([seen.shown, *(faces_of(seen.error) if seen.error else ())])
    if surface == "stream" and row.skipping:
        skipping = await observe(row, surface, lasting=True, on_invalid="skip")
        assert skipping.outcome == Works(records=2)
        assert_nothing_leaks([skipping.shown])
    if isinstance(expected, Fails) and expected.requests > 1:
        once = await observe(row, surface, lasting=False)
        assert once.outcome == Works(2)
        assert all(pause >= row.pause for pause in once.pauses)
        assert_nothing_leaks([once.shown])


@contextmanager
def _logged() -> Iterator[io.StringIO]:
    """Gather all that is logged."""
    logged = io.StringIO()
    handler = logging.StreamHandler(logged)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield logged
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def faces_of(error: BaseException) -> list[str]:
    """Return whatever an error may be shown as, its causes and notes too."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    fields = {name: value for name, value in vars(error).items() if name not in ("body", "info")}
    return [
        str(error),
        repr(error),
        f"{error.args} {fields} {getattr(error, '__notes__', '')}",
        repr(pickled(error)),
        "".join(shown.format()),
    ]


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
    """Make sure that no connection is in use, no place taken, and no stream's task running."""
    sessions = client._transport.sessions
    for session in (sessions._pooled, sessions._single):
        assert session is None or not session.connector._acquired  # type: ignore[union-attr]
    assert client._transport._places.in_use == 0
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("kauneonga stream")]


def step_of(data: bytes) -> Step:
    """Return the step of a server that sends these bytes."""

    async def step(exchange: Exchange, good: bytes) -> None:
        del good
        await exchange.send(data)

    return step
