"""The same faults, met by the command: it exits with 1 and says what happened, or does what it was told to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kauneonga_async.cli.app import run_app
from tests.faults.harness import CANARY, good_body
from tests.faults.page import AREAS
from tests.faults.table import Fails, Row
from tests.wire import TOKEN, Exchange, WireServer

# A record whose fields are odd is passed on as it is, so that those rows say nothing of the command.
ROWS = [
    pytest.param(row, id=row.fault)
    for area, rows in AREAS.items()
    for row in rows
    if row.get is not None and area != "Records"
]


@contextmanager
def serving(row: Row) -> Iterator[str]:
    """Run the server in a thread: the command has a loop of its own."""
    started, urls, loop = threading.Event(), list[str](), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def step(exchange: Exchange) -> None:
        await row.step(exchange, good_body("get"))

    async def serve() -> None:
        async with WireServer(step) as server:
            urls.append(server.base_url)
            started.set()
            await stop.wait()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    started.wait()
    try:
        yield urls[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


@pytest.mark.parametrize("row", ROWS)
def test_the_command_exits_as_the_fault_deserves(
    row: Row, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAUNEONGA_TOKEN", TOKEN)
    stalls = isinstance(row.get, Fails) and row.get.error.__name__ == "RequestTimeout"
    with serving(row) as url:
        options = ["--base-url", url, "--retries", "0", "--timeout", "0.2" if stalls else "20"]
        code = run_app(["messages", "get", "1", *options])
    out, err = capfd.readouterr()
    assert TOKEN not in out + err
    assert CANARY not in err
    if isinstance(row.get, Fails):
        assert (code, out) == (1, "")
        assert err.startswith(f"kauneonga: {row.get.error.__name__}: ")
        assert len(err.splitlines()) == 1
    else:
        assert (code, err) == (0, "")
        assert CANARY in out
