"""The same faults, met by the command: it exits with 1 and says what happened, or does what it was told to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kauneonga_async.cli.app import run_app
from kauneonga_async.errors import RequestTimeout
from tests.faults.harness import CANARY, good_body, surface_of
from tests.faults.page import AREAS
from tests.faults.table import Fails, Row, Surface
from tests.wire import TOKEN, Exchange, WireServer

# One record is passed on as it is, whatever its fields hold; in a list, its id and date must be readable.
ROWS = [
    pytest.param(row, surface, id=row.fault)
    for area, rows in AREAS.items()
    for row in rows
    for surface in ("get" if row.get is not None else "stream",)
    if area != "Records" or row.get is None
]
CALLS = {"get": ["messages", "get", "1"], "stream": ["messages", "list", "--from", "2025-01-01", "--to", "2025-01-01"]}


@contextmanager
def serving(row: Row) -> Iterator[str]:
    """Run the server in a thread: the command has a loop of its own."""
    started, urls, loop = threading.Event(), list[str](), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def step(exchange: Exchange) -> None:
        await row.step(exchange, good_body(surface_of(exchange)))

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


@pytest.mark.parametrize(("row", "surface"), ROWS)
def test_the_command_exits_as_the_fault_deserves(
    row: Row, surface: Surface, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAUNEONGA_TOKEN", TOKEN)
    expected = row.outcome(surface)
    stalls = isinstance(expected, Fails) and expected.error is RequestTimeout
    with serving(row) as url:
        options = ["--base-url", url, "--retries", "0", "--timeout", "0.2" if stalls else "20"]
        code = run_app([*CALLS[surface], *options])
    out, err = capfd.readouterr()
    assert TOKEN not in out + err
    assert CANARY not in err
    if isinstance(expected, Fails):
        assert (code, out) == (1, "")
        assert err.startswith(f"kauneonga: {expected.error.__name__}: ")
        assert len(err.splitlines()) == 1
    else:
        assert expected is not None
        assert (code, err) == (0, "")
        assert out.count(CANARY) == (expected.records if surface == "stream" else 1)
