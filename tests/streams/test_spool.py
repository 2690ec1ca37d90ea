"""A spool hands on the bytes that were written, in whatever way writes and reads alternate, and keeps to its bounds."""

from __future__ import annotations

import asyncio
import os
import resource
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import IO

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kauneonga_async import KauneongaClient, config, errors
from kauneonga_async.sandbox import Sandbox
from kauneonga_async.streams import spool as spool_module
from kauneonga_async.streams.spool import Spool, SpoolBudget
from tests.budget import examples

SLICE, MEMORY, MOST = 16, 40, 160


@contextmanager
def small() -> Iterator[None]:
    """Let files be begun and drained again and again by a few bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config, "SLICE_BYTES", SLICE)
        patch.setattr(config, "SPOOL_MEMORY", MEMORY)
        patch.setattr(config, "SPOOL_BYTES", MOST)
        yield


def numbered(lengths: list[int]) -> list[bytes]:
    """Return slices of these lengths, neighbours of which do not hold the same bytes."""
    return [(index.to_bytes(2, "little") * length)[:length] for index, length in enumerate(lengths)]


async def read_all(spool: Spool) -> bytes:
    read = b""
    while data := await spool.read():
        read += data
    return read


def size_of(spool: Spool) -> int:
    return 0 if spool._file is None else os.fstat(spool._file.fileno()).st_size


# So many writes of so many bytes each, or so many reads where the length is 0.
STEPS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, SLICE)), max_size=12)


@settings(max_examples=examples(150))
@given(steps=STEPS)
def test_what_is_read_is_what_was_written_however_the_two_alternate(steps: list[tuple[int, int]]) -> None:
    async def main() -> None:
        budget = SpoolBudget()
        spool = Spool(budget)
        slices = iter(numbered([length for count, length in steps if length for _ in range(count)]))
        written = read = b""
        for count, length in steps:
            for _ in range(count):
                if not length:
                    if len(read) < len(written):
                        read += await spool.read()
                        assert written.startswith(read)
                    continue
                while spool.is_full:
                    read += await spool.read()
                data = next(slices)
                await spool.write(data)
                written += data
                assert size_of(spool) <= budget.used <= MOST
        spool.end()
        assert read + await read_all(spool) == written
        assert budget.used == 0
        await spool.aclose()

    with small():
        asyncio.run(main())


@settings(max_examples=examples(50))
@given(lengths=st.lists(st.lists(st.integers(1, SLICE), max_size=30), min_size=1, max_size=3), seed=st.integers(0, 99))
def test_spools_that_share_a_budget_lose_nothing_and_wait_for_room_in_turn(lengths: list[list[int]], seed: int) -> None:
    turns = Random(seed)

    async def main() -> None:
        budget = SpoolBudget()

        async def pause() -> None:
            for _ in range(turns.randrange(4)):
                await asyncio.sleep(0)

        async def fill(spool: Spool, slices: list[bytes]) -> None:
            for data in slices:
                await spool.write(data)
                await pause()
            spool.end()

        async def carry(slices: list[bytes]) -> None:
            spool, read = Spool(budget), b""
            writer = asyncio.create_task(fill(spool, slices))
            while data := await spool.read():
                read += data
                await pause()
            await writer
            await spool.aclose()
            assert read == b"".join(slices)

        await asyncio.gather(*(carry(numbered(row)) for row in lengths))
        assert budget.used == 0

    with small():
        asyncio.run(main())


async def test_a_file_that_is_never_wholly_drained_grows_no_larger_than_its_bound() -> None:
    with small():
        budget = SpoolBudget()
        spool = Spool(budget)
        written = read = b""
        for data in numbered([7] * 2000):
            while spool.is_full:
                read += await spool.read()
            await spool.write(data)
            written += data
            assert size_of(spool) <= budget.used <= MOST
        spool.end()
        assert read + await read_all(spool) == written
        await spool.aclose()


async def test_a_file_that_is_drained_takes_no_more_room() -> None:
    with small():
        budget = SpoolBudget()
        spool = Spool(budget)
        for data in numbered([SLICE] * 9):
            await spool.write(data)
        assert 0 < size_of(spool) <= budget.used
        for _ in range(10):
            if budget.used:
                await spool.read()
        assert size_of(spool) == budget.used == 0
        await spool.aclose()


@pytest.mark.parametrize("room", [0, 1, SLICE, 3 * SLICE - 5, MOST])
async def test_a_disk_that_fills_up_loses_nothing_and_lets_nobody_wait_for_ever(room: int) -> None:
    """The limit of a file's length has a write stop short, and the next one fail, as a full disk has."""
    slices = numbered([SLICE] * 40)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def fill(spool: Spool) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        for data in slices:
            await spool.write(data)
        spool.end()

    with small():
        spool = Spool(SpoolBudget())
        try:
            async with asyncio.timeout(20):
                writer = asyncio.create_task(fill(spool))
                while not spool.is_full:
                    await asyncio.sleep(0)
                read = await read_all(spool)
                await writer
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            await spool.aclose()
        assert read == b"".join(slices)


async def test_a_file_that_was_still_being_made_when_its_writer_was_cancelled_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files: list[IO[bytes]] = []
    begun, may_go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def make() -> IO[bytes]:
        loop.call_soon_threadsafe(begun.set)
        assert may_go_on.wait(20)
        files.append(tempfile.TemporaryFile(buffering=0))  # noqa: SIM115 - the spool closes it
        return files[0]

    monkeypatch.setattr(spool_module, "_temporary_file", make)
    with small():
        spool = Spool(SpoolBudget())
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_fill, spool)
            await begun.wait()
            tasks.cancel_scope.cancel()
            may_go_on.set()
        await spool.aclose()
    assert [file.closed for file in files] == [True]


async def _fill(spool: Spool) -> None:
    for data in numbered([SLICE] * 9):
        await spool.write(data)


async def test_what_the_writer_ended_with_is_raised_after_all_that_it_wrote() -> None:
    with small():
        spool = Spool(SpoolBudget())
        slices = numbered([SLICE] * 9)
        for data in slices:
            await spool.write(data)
        spool.end(errors.ConnectionFailed("cut", phase="body"))
        read = b""
        with pytest.raises(errors.ConnectionFailed):
            while True:
                read += await spool.read()
        assert read == b"".join(slices)
        await spool.aclose()


async def test_a_consumer_that_pauses_now_and_then_is_given_each_record_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each pause fills a file, and each time the consumer catches up it is drained."""
    monkeypatch.setattr(config, "HOLD_SECONDS", 0.001)
    monkeypatch.setattr(config, "SPOOL_MEMORY", 64 * 1024)
    async with Sandbox(messages=6000, compress=False) as sandbox:
        sandbox.configure(bandwidth=20e6)
        async with KauneongaClient(sandbox.base_url, sandbox.token) as client:
            stream = client.messages.stream(record_type=dict)
            found = []
            async for batch in stream.batches():
                found += batch
                if len(found) % 3 == 0:
                    await asyncio.sleep(0.02)
            records = {record["id"]: record for record in found}
            assert len(records) == len(found) == 6000
            everything = {r["id"]: r for r in await client.messages.list(record_type=dict)}
            assert records == everything
            assert stream.report.retries == 0
