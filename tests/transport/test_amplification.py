"""An outage is not made worse: callers by the thousand, ten minutes of failure, and what is sent meanwhile and after.

Time is simulated, and so are the connections: a server that does nothing but succeed or fail after its latency takes
the place of ``open_answer``. What is above it is the package's own. test_transport.py has the same on a small scale,
over real sockets.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from yarl import URL

from kauneonga_async import config, errors
from kauneonga_async.transport import Events, Places, Sessions, TokenSource, Transport
from kauneonga_async.transport import transport as module
from kauneonga_async.transport.answer import Request
from kauneonga_async.transport.session import ConnectionOptions
from tests.clock import JumpingLoop

CALLERS = 1000
OUTAGE = 600.0  # seconds
EVERY = 300.0  # seconds between a caller's calls
LATENCY = 0.2  # seconds

FAILURES: dict[str, Callable[[], errors.KauneongaError]] = {
    "reset": errors.ConnectionFailed,
    "refused": partial(errors.ConnectionFailed, phase="connect", sent=False),
    "500": partial(errors.ServerError, status=500),
    "503": partial(errors.ServerError, status=503),
    "429": partial(errors.RateLimited, status=429),
    "garbage": partial(errors.DecodeError, malformed=True),
}


class Whole:
    """An answer that was read."""

    status = 200
    received = 0

    def close(self) -> None:
        pass


class Server:
    """Counts what comes, and fails as it is told to."""

    def __init__(self) -> None:
        self.fails: Callable[[], errors.KauneongaError | None] = lambda: None
        self.tries: Counter[str] = Counter()
        self.successes: list[float] = []

    async def open_answer(self, sessions: Any, request: Request, throttle: Any, authorization: Any) -> Whole:
        self.tries[request.request_id] += 1
        await asyncio.sleep(LATENCY)
        failure = self.fails()
        if failure is not None:
            raise failure
        self.successes.append(asyncio.get_running_loop().time())
        return Whole()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    simulated = Server()
    monkeypatch.setattr(module, "open_answer", simulated.open_answer)
    return simulated


def make_transport(**options: Any) -> Transport:
    return Transport(
        URL("http://localhost/api"),
        TokenSource("token"),
        Sessions(ConnectionOptions()),
        Places(config.CONCURRENCY),
        config.CallOptions(**options),
        Events(None),
    )


async def call(transport: Transport) -> bool:
    async def read(answer: Any) -> None:
        pass

    try:
        await transport.send(transport.request("GET", "/v2/messages"), read)
    except errors.KauneongaError:
        return False
    return True


async def call_again_and_again(transport: Transport, first: float, until: float) -> None:
    now = asyncio.get_running_loop().time
    await asyncio.sleep(first)
    while now() < until:
        await call(transport)
        await asyncio.sleep(EVERY)


async def seconds_to_full_throughput(transport: Transport, server: Server) -> float:
    """Return how long it takes, with more to do than can be done, until a second brings 95 % of what it can bring."""
    began = asyncio.get_running_loop().time()
    server.successes.clear()
    async with asyncio.TaskGroup() as group:
        for _ in range(CALLERS):
            group.create_task(call(transport))
    in_a_second = round(0.95 * config.CONCURRENCY / LATENCY)
    ends = (
        end for begin, end in zip(server.successes, server.successes[in_a_second:], strict=False) if end - begin <= 1
    )
    return next(ends, float("inf")) - began


@pytest.mark.parametrize("kind", FAILURES)
def test_an_outage_meets_few_more_requests_than_there_are_calls(kind: str, server: Server) -> None:
    async def main() -> tuple[float, float]:
        transport = make_transport()
        server.fails = FAILURES[kind]
        until = asyncio.get_running_loop().time() + OUTAGE
        async with asyncio.TaskGroup() as group:
            for number in range(CALLERS):
                group.create_task(call_again_and_again(transport, EVERY * number / CALLERS, until))
        amplification = server.tries.total() / len(server.tries)
        server.fails = lambda: None
        return amplification, await seconds_to_full_throughput(transport, server)

    with asyncio.Runner(loop_factory=partial(JumpingLoop, grace=0.0)) as runner:
        amplification, seconds = runner.run(main())
    assert 1 < amplification <= 1.2
    assert seconds < 10


def test_with_every_fifth_try_failing_all_calls_succeed(server: Server) -> None:
    """Ten thousand of them at once: a try that is made again must not wait behind the first tries of all others."""
    kinds = [failure for name, failure in FAILURES.items() if name in ("reset", "refused", "500", "503")]
    chance = random.Random(7)
    server.fails = lambda: chance.choice(kinds)() if chance.random() < 0.2 else None

    async def main() -> int:
        transport = make_transport(max_retries=12, timeout=3600.0)
        return sum(await asyncio.gather(*(call(transport) for _ in range(10_000))))

    with asyncio.Runner(loop_factory=partial(JumpingLoop, grace=0.0)) as runner:
        assert runner.run(main()) == 10_000
