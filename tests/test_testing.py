"""The pytest fixture, as a user's own tests would use it."""

from __future__ import annotations

import asyncio

import pytest

from kauneonga_async import KauneongaClient
from kauneonga_async.sandbox import Sandbox
from kauneonga_async.testing import in_thread

pytest_plugins = ["pytester"]


def test_a_user_s_test_has_a_sandbox(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["kauneonga_async.testing"]')
    pytester.makepyfile("""
        import asyncio
        import pytest
        from kauneonga_async import KauneongaClient

        async def count(sandbox):
            async with KauneongaClient(sandbox.base_url, sandbox.token) as client:
                return len(await client.messages.list())

        def test_the_default(kauneonga_sandbox):
            assert asyncio.run(count(kauneonga_sandbox)) == 1000

        @pytest.mark.kauneonga_sandbox(messages=7)
        async def test_one_made_to_measure(kauneonga_sandbox):
            assert await count(kauneonga_sandbox) == 7
            kauneonga_sandbox.world.delete(1001)
            assert await count(kauneonga_sandbox) == 6
    """)
    result = pytester.runpytest_subprocess(
        "--strict-markers",
        "-o",
        "asyncio_mode=auto",
        "-o",
        "asyncio_default_fixture_loop_scope=function",
        "-W",
        "error",
    )
    result.assert_outcomes(passed=2)


def test_nobody_has_it_unasked(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_x(kauneonga_sandbox): pass")
    options = ("-o", "asyncio_default_fixture_loop_scope=function")
    pytester.runpytest_subprocess(*options).assert_outcomes(errors=1)


def test_a_sandbox_that_cannot_start_says_why() -> None:
    with in_thread(Sandbox()) as first:
        port = int(first.origin.rpartition(":")[2])
        with pytest.raises(OSError, match="address already in use"), in_thread(Sandbox(port=port)):
            pass


def test_it_outlives_the_loops_that_use_it() -> None:
    async def count(sandbox: Sandbox) -> int:
        async with KauneongaClient(sandbox.base_url, sandbox.token) as client:
            return len(await client.messages.list())

    with in_thread(Sandbox(messages=3)) as sandbox:
        assert [asyncio.run(count(sandbox)) for _ in range(2)] == [3, 3]
