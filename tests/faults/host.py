"""Cases: a machine that has no more of what is needed."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from unittest import mock

import pytest

from kauneonga_async import KauneongaClient, SqliteCursor, export_messages
from kauneonga_async.errors import ConnectionFailed, DecodeError, DestinationLocked, OutcomeUnknown, ServerError
from kauneonga_async.sandbox import Sandbox
from tests.faults.cases import case
from tests.faults.encoding import endless
from tests.faults.harness import OPTIONS, assert_nothing_is_held, attempt
from tests.faults.table import SURFACES
from tests.wire import TOKEN, WireServer, response

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
        for surface in SURFACES:
            with no_descriptors(), pytest.raises(ConnectionFailed, match="descriptor"):
                await attempt(client, surface)
            assert_nothing_is_held(client)
        assert (await client.messages.get(1001)).id == 1001


@case(AREA, "no file descriptor is left to load the code that tries again", "the error of the first try")
async def descriptors_for_retries(folder: Path) -> None:
    del folder
    unloaded = {name: module for name, module in sys.modules.items() if not name.startswith("tenacity")}
    async with WireServer(response(503)) as server, KauneongaClient(server.base_url, TOKEN, **OPTIONS) as client:
        with pytest.raises(ServerError):
            await client.messages.get(1, max_retries=0)
        with mock.patch.dict(sys.modules, unloaded, clear=True), no_descriptors():
            for surface in ("get", "stream"):
                with pytest.raises(ServerError):
                    await attempt(client, surface)


@contextmanager
def memory_for(megabytes: int) -> Iterator[None]:
    """Let this process have so much more memory than it has, and no more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + megabytes * 1024 * 1024, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@case(
    AREA, "a text of 1 GB in 1 MB of gzip, and 150 MB of memory", "`DecodeError`, `OutcomeUnknown`; the process lives"
)
async def little_memory(folder: Path) -> None:
    del folder
    body = endless(b'{"data":[{"id":1,"content":"', b"a", 1000)
    async with (
        WireServer(response(200, body, content_encoding="gzip")) as server,
        KauneongaClient(server.base_url, TOKEN, max_retries=0, **OPTIONS) as client,
    ):
        for surface in SURFACES:
            with memory_for(150), pytest.raises(OutcomeUnknown if surface == "create" else DecodeError):
                await attempt(client, surface)
            assert_nothing_is_held(client)


@case(AREA, "an export to a place where a file is", "`OSError`, which names it; the file stays as it is")
async def no_folder(folder: Path) -> None:
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


@case(
    AREA, "the network goes away between two calls", "a connection that is dead by now costs one try, a creation none"
)
async def stale(folder: Path) -> None:
    del folder
    async with Sandbox(messages=10) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        for surface in SURFACES:
            await client.messages.get(1001)
            close_unused_connections(client)
            sandbox.requests.clear()
            if surface == "get":
                assert (await client.messages.get(1002)).id == 1002
            else:
                await attempt(client, surface)
            assert len(sandbox.requests) == 1


def close_unused_connections(client: KauneongaClient) -> None:
    session = client._transport.sessions._pooled
    assert session is not None
    for (protocol, _), *_ in session.connector._conns.values():  # type: ignore[union-attr]
        assert protocol.transport is not None
        protocol.transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
