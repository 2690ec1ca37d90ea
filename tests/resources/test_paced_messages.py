"""``client.messages.get_many`` and ``get`` of an account whose server bears few requests: what counts as waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from kauneonga_async import KauneongaClient, errors
from kauneonga_async.sandbox import Sandbox
from tests.quota import allow
from tests.transport.scripted import OK, connect, silence
from tests.wire import WireServer, response

Run = Callable[[Coroutine[Any, Any, Any]], Any]

PAUSE = 50  # seconds, more than a call's timeout


def test_many_take_as_long_as_the_account_s_pace_wants(run_jumping: Run) -> None:
    """Sixteen that are asked for at once take three seconds at five a second."""

    async def main() -> None:
        async with (
            Sandbox(messages=60, faults=allow(5, 1)) as sandbox,
            KauneongaClient(sandbox.base_url, sandbox.token, timeout=2) as client,
        ):
            found = [message.id async for message in client.messages.get_many(range(1001, 1061))]
            assert found == list(range(1001, 1061))

    run_jumping(main())


def test_many_wait_for_a_pause_that_is_longer_than_their_timeout(run_jumping: Run) -> None:
    async def main() -> None:
        async with (
            Sandbox(messages=100, faults=allow(30, 60)) as sandbox,
            KauneongaClient(sandbox.base_url, sandbox.token) as client,
        ):
            stream = client.messages.get_many(range(1001, 1101))
            assert len([message async for message in stream]) == 100

    run_jumping(main())


@pytest.mark.parametrize("pause", [0, PAUSE])
def test_one_of_many_whose_answer_never_comes_times_out(pause: int, run_jumping: Run) -> None:
    """The pause is not counted, and nothing but the pause."""

    async def main() -> float:
        script = [response(429, retry_after=str(pause)), silence] if pause else [silence]
        async with WireServer(*script) as server, connect(server) as client:
            began = asyncio.get_running_loop().time()
            with pytest.raises(errors.RequestTimeout, match="no answer within 30 s"):
                await client.messages.get_many([939], max_retries=1).collect()
            return asyncio.get_running_loop().time() - began

    assert run_jumping(main()) == pytest.approx(pause + 30, abs=1)


def test_a_failure_between_tries_is_no_pause(run_jumping: Run) -> None:
    """Tries that fail and the waits between them are within one timeout."""

    async def main() -> None:
        async def dawdle(exchange: Any) -> None:
            await asyncio.sleep(12)
            await exchange.send(response(500))

        async with WireServer(dawdle) as server, connect(server) as client:
            began = asyncio.get_running_loop().time()
            with pytest.raises(errors.RequestTimeout):
                await client.messages.get_many([939]).collect()
            assert asyncio.get_running_loop().time() - began == pytest.approx(30, abs=1)
            assert len(server.exchanges) == 3

    run_jumping(main())


def test_a_single_message_has_one_deadline_over_all(run_jumping: Run) -> None:
    async def main() -> None:
        refusal = response(429, retry_after=str(PAUSE))
        async with WireServer(refusal, OK) as server, connect(server) as client:
            with pytest.raises(errors.RateLimited):
                await client.messages.get(939)
            with pytest.raises(errors.RateLimited, match="lasts another"):
                await client.messages.get(939)

    run_jumping(main())
