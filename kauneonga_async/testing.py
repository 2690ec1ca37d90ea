"""The pytest fixture ``kauneonga_sandbox``: the sandbox, for tests of your own code.

Ask for it in ``conftest.py``::

    pytest_plugins = ["kauneonga_async.testing"]

and use it in a test, async or not, under any runner: the sandbox lives in a thread of its own::

    @pytest.mark.kauneonga_sandbox(messages=50, latency=0.01)
    async def test_my_report(kauneonga_sandbox):
        async with KauneongaClient(kauneonga_sandbox.base_url, kauneonga_sandbox.token) as client:
            ...
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kauneonga_async.sandbox import Sandbox

__all__ = ["in_thread", "kauneonga_sandbox"]

MARKER = "kauneonga_sandbox"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", f"{MARKER}(**options): what the sandbox of this test is made with")


@pytest.fixture(name="kauneonga_sandbox")
def kauneonga_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A running :class:`~kauneonga_async.sandbox.Sandbox`; the marker of the same name says what it is made with."""
    marker = request.node.get_closest_marker(MARKER)
    with in_thread(Sandbox(**(marker.kwargs if marker else {}))) as running:
        yield running


@contextmanager
def in_thread(sandbox: Sandbox) -> Iterator[Sandbox]:
    """Run a sandbox in an event loop of its own, in a thread of its own."""
    started: list[BaseException | None] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        try:
            async with sandbox:
                started.append(None)
                ready.set()
                await stop.wait()
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits for it
            started.append(error)
            ready.set()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="kauneonga sandbox", daemon=True)
    thread.start()
    ready.wait()
    if started[0] is not None:
        thread.join()
        raise started[0]
    try:
        yield sandbox
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
