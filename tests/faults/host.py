"""Cases: a machine that has no more of what is needed."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from kauneonga_async import KauneongaClient, SqliteCursor, export_messages
from kauneonga_async.errors import ConnectionFailed, DestinationLocked
from kauneonga_async.sandbox import Sandbox
from tests.faults.cases import case
from tests.faults.harness import assert_nothing_is_held

AREA = "the machine"
FIRST, LAST = date(2025, 1, 1), date(2025, 3, 31)


@contextmanager
def no_descriptors() -> Iterator[None]:
    """Leave no file descriptor that could be opened."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
    taken: list[int] = []
    try:
        while True:
            try:
                taken.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                break
        yield
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@case(AREA, "no file descriptor is left", "`ConnectionFailed`, and the client works again once there are some")
async def descriptors(folder: Path) -> None:
    del folder
    async with (
        Sandbox(messages=10) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token, max_retries=1) as client,
    ):
        with no_descriptors(), pytest.raises(ConnectionFailed):
            await client.messages.get(1001)
        assert_nothing_is_held(client)
        assert (await client.messages.get(1001)).id == 1001


@case(AREA, "an export to a folder that is read-only", "`OSError`, which names the folder")
async def read_only(folder: Path) -> None:
    place = folder / "file"
    place.write_bytes(b"a file, where a folder should be")
    async with Sandbox(messages=10) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        with pytest.raises(OSError, match="file"):
            await export_messages(client, place / "export", FIRST, LAST)
    assert place.read_bytes() == b"a file, where a folder should be"


@case(AREA, "a second export to the same folder, at the same time", "`DestinationLocked`; the first goes on")
async def two_exports(folder: Path) -> None:
    async with (
        Sandbox(messages=50, latency=0.05) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token) as client,
    ):
        first = asyncio.create_task(export_messages(client, folder, FIRST, LAST))
        while not list(folder.iterdir()):
            await asyncio.sleep(0.001)
        with pytest.raises(DestinationLocked):
            await export_messages(client, folder, FIRST, LAST)
        assert (await first).records == 50


@case(AREA, "a cursor that another watch uses", "`DestinationLocked`; the first goes on")
async def two_cursors(folder: Path) -> None:
    first, second = SqliteCursor(folder / "cursor.db"), SqliteCursor(folder / "cursor.db")
    await first.open()
    with pytest.raises(DestinationLocked):
        await second.open()
    await first.close()
    await second.open()
    await second.close()


@case(AREA, "the network goes away between two calls", "a connection that is dead by now costs one try")
async def stale(folder: Path) -> None:
    del folder
    async with Sandbox(messages=10) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        await client.messages.get(1001)
        session = client._transport.sessions._pooled
        assert session is not None
        for (protocol, _), *_ in session.connector._conns.values():  # type: ignore[union-attr]
            assert protocol.transport is not None
            protocol.transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        assert (await client.messages.get(1002)).id == 1002
