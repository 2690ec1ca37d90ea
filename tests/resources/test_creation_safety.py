"""What a creation is reported to have come to is what it came to, wherever the exchange fails."""

from __future__ import annotations

import asyncio
import random
import socket
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, Literal, TypeVar

import aiohttp
import pytest

from kauneonga_async import KauneongaClient, Schedule, errors
from tests.creations import FAILINGS, GOOD, CreatingServer, Failing
from tests.wire import TOKEN

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]
Reported = Literal["created", "unknown", "failed"]

WEEKLY = Schedule(frequency="weekly", times=["9:00 AM"])
LONG = "x" * 900_000  # more than the server reads at once: the client may still be sending


async def create(client: KauneongaClient, text: str) -> tuple[Reported, int]:
    try:
        to_do = await client.to_dos.create(
            account_number="W0411",
            delivery_type="sms",
            contact="jose@kauneonga.com",
            from_="+17542838007",
            message_text=text,
            schedule=WEEKLY,
        )
    except errors.OutcomeUnknown:
        return "unknown", 0
    except errors.KauneongaError:
        return "failed", 0
    return "created", to_do.id


async def create_many(client: KauneongaClient, server: CreatingServer, texts: list[str]) -> list[Reported]:
    """Create all, some at once; make sure that what is reported is true, and return it."""
    outcomes = await asyncio.gather(*(create(client, text) for text in texts))
    for text, (reported, number) in zip(texts, outcomes, strict=True):
        really = server.created[text]
        assert len(really) <= 1, "created twice"
        if reported == "created":
            assert really == [number], "reported as created, and was not"
        if reported == "failed":
            assert really == [], "reported as failed, and was created"
    return [reported for reported, _ in outcomes]


def texts_of(count: int, *, start: int = 0) -> list[str]:
    return [f"reminder {number} {LONG if number % 50 == 7 else ''}" for number in range(start, start + count)]


def test_a_thousand_creations_that_fail_in_every_way_are_reported_as_they_were(run_jumping: Run[None]) -> None:
    chance = random.Random(11)
    mixed = [failing for failing in FAILINGS if failing.name != "429, an hour"]  # which would end all others

    async def main() -> None:
        reported: list[Reported] = []
        async with CreatingServer(lambda: chance.choice(mixed) if chance.random() < 0.9 else GOOD) as server:
            for _ in range(20):  # clients, for each soon learns to be slow
                async with KauneongaClient(server.base_url, TOKEN, concurrency=50) as client:
                    reported += await create_many(client, server, texts_of(50, start=len(reported)))
            assert len(reported) == 1000
            assert min(Counter(reported).values()) > 50
            assert server.connections > 1000  # some were sent again, and could be

    run_jumping(main())


@pytest.mark.parametrize("failing", FAILINGS, ids=lambda failing: failing.name)
def test_doubt_is_reported_where_there_is_doubt_alone(failing: Failing, run_jumping: Run[None]) -> None:
    async def main() -> None:
        async with CreatingServer(lambda: failing) as server, KauneongaClient(server.base_url, TOKEN) as client:
            reported = await create_many(client, server, texts_of(3))
            assert set(reported) == {"failed" if failing.tells else "unknown"}

    run_jumping(main())


def test_what_was_never_sent_is_sent_again(run_jumping: Run[None]) -> None:
    chance = random.Random(3)

    def make_socket(info: Any) -> socket.socket:
        if chance.random() < 0.2:
            raise ConnectionRefusedError
        return socket.socket(info[0], info[1], info[2])

    async def main() -> None:
        connector = aiohttp.TCPConnector(socket_factory=make_socket, force_close=True)
        async with (
            CreatingServer(lambda: GOOD) as server,
            aiohttp.ClientSession(connector=connector) as session,
            KauneongaClient(server.base_url, TOKEN, session=session, max_retries=20) as client,
        ):
            assert set(await create_many(client, server, texts_of(100))) == {"created"}

    run_jumping(main())


async def test_a_client_that_is_closed_leaves_its_creations_in_doubt() -> None:
    waiting = Failing("waiting", creates=True, ends="stall")
    async with CreatingServer(lambda: waiting) as server, KauneongaClient(server.base_url, TOKEN) as client:
        creations = asyncio.create_task(create_many(client, server, texts_of(5)))
        while len(server.created) < 5:
            await asyncio.sleep(0)
        await client.aclose()
        assert set(await creations) == {"unknown"}
