"""Cases: dates at the edge, clocks that are set, and machines that are suspended."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

import time_machine

from kauneonga_async import KauneongaClient, ServerCalendar
from kauneonga_async.sandbox import Sandbox
from tests.faults.cases import case
from tests.faults.using import refused, stream
from tests.wire import TOKEN, Exchange, WireServer, listing, response

TIME = "time"

for _fault, _call in (
    ("from after to", stream(date(2025, 2, 1), date(2025, 1, 1))),
    ("a datetime without a time zone", stream(datetime(2025, 1, 1), datetime(2025, 1, 2))),  # noqa: DTZ001 - the fault
    ("an end without a beginning", stream(None, date(2025, 1, 1))),
):
    case(TIME, _fault, "`ValueError` before any request")(partial(refused, call=_call, error=ValueError))


async def exact(folder: Path, first: date, last: date, zone: str, days: int) -> None:
    del folder
    start = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=2)
    async with Sandbox(messages=0, timezone=zone) as sandbox:
        for hours in range(24 * ((last - first).days + 5)):
            sandbox.world.add(start + timedelta(hours=hours, minutes=30))
        for calendar in (ServerCalendar(), ServerCalendar(zone, to_date_inclusive=True)):
            async with KauneongaClient(sandbox.base_url, sandbox.token, calendar=calendar) as client:
                found = [m.id async for m in client.messages.stream(first, last, window=timedelta(days=days))]
            begin, end = calendar.start_of(first), calendar.end_of(last)
            assert found == [i for i, moment in sandbox.world.times().items() if begin <= moment < end]


for _fault, _first, _last, _zone in (
    ("the day that clocks are set forward", date(2025, 3, 8), date(2025, 3, 10), "America/New_York"),
    ("the day that clocks are set back", date(2025, 11, 1), date(2025, 11, 3), "America/New_York"),
    ("a leap day", date(2024, 2, 28), date(2024, 3, 1), "UTC"),
    ("the turn of the year", date(2024, 12, 31), date(2025, 1, 1), "Pacific/Kiritimati"),
    ("a day of the westernmost zone", date(2025, 6, 1), date(2025, 6, 1), "Etc/GMT+12"),
):
    case(TIME, _fault, "each message of the range once, whether the server's time zone is stated or not")(
        partial(exact, first=_first, last=_last, zone=_zone, days=1)
    )


@case(TIME, "our clock is set a day ahead, and two back, while a server's pause is waited for", "no request too early")
async def stepped_clock(folder: Path) -> None:
    del folder
    moments: list[float] = []
    with time_machine.travel(datetime(2025, 6, 1, tzinfo=UTC)) as clock:

        async def refuse(exchange: Exchange) -> None:
            moments.append(asyncio.get_running_loop().time())
            sent = datetime.now(UTC)
            asked = sent + timedelta(seconds=40)
            clock.shift(timedelta(days=1 if len(moments) == 1 else -2))
            await exchange.send(response(429, date=format_datetime(sent), retry_after=format_datetime(asked)))

        async with WireServer(refuse, refuse, response(200, b'{"data":{"id":1}}')) as server:
            async with KauneongaClient(server.base_url, TOKEN, timeout=100.0) as client:
                await client.messages.get(1)
                moments.append(asyncio.get_running_loop().time())
    # A header's date has whole seconds.
    assert all(39 <= after - before <= 42 for before, after in pairwise(moments))


@case(TIME, "a machine that is suspended for an hour in mid-stream", "it goes on; nothing is lost or repeated")
async def suspended(folder: Path) -> None:
    del folder
    whole = response(200, listing([{"id": n, "created_at": "2025-01-01T00:00:00Z"} for n in range(1, 2000)]))

    async def cut(exchange: Exchange) -> None:
        await exchange.send(whole[: len(whole) // 2])
        await asyncio.sleep(0.01)
        loop = asyncio.get_running_loop()
        loop._jumping.ahead += 3600  # type: ignore[attr-defined]
        exchange.reset()

    async with WireServer(cut, whole) as server, KauneongaClient(server.base_url, TOKEN, timeout=5.0) as client:
        found = [message.id async for message in client.messages.stream(date(2025, 1, 1), date(2025, 1, 1))]
    assert found == list(range(1, 2000))


@case(TIME, "a range in the future", "no records, and no error")
async def future(folder: Path) -> None:
    del folder
    async with Sandbox(messages=10) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        assert await client.messages.list(date(2999, 1, 1), date(2999, 1, 3)) == []


@case(TIME, "the last day that there is", "it is asked for, and nothing overflows")
async def last_day(folder: Path) -> None:
    del folder
    async with Sandbox(messages=10) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        assert await client.messages.list(date.max, date.max) == []
