"""Exports in trouble: servers that fail or cap their lists, full disks, and callers that cancel."""

from __future__ import annotations

import asyncio
import errno
import random
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kauneonga_async import KauneongaClient, errors, export_messages
from kauneonga_async.exporting.destinations.folder import Folder
from kauneonga_async.exporting.opening import open_journal
from kauneonga_async.files import AtomicFile
from kauneonga_async.sandbox import Fault, RandomFaults, Sandbox, ScriptedFaults
from tests.exporting.readers import lines_in, parts_of
from tests.exporting.truth import truth

FIRST, LAST = date(2025, 1, 1), date(2025, 3, 31)


async def test_an_export_that_is_cancelled_while_it_opens_keeps_its_lock_until_its_thread_is_done(
    client: KauneongaClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the next export would work on the same journal at the same time."""
    entered, leave, events = threading.Event(), threading.Event(), []
    real_open, real_unlock = open_journal, Folder.unlock

    def slow_open(*arguments: Any, **options: Any) -> Any:
        entered.set()
        leave.wait(5)
        opened = real_open(*arguments, **options)
        events.append("opened")
        return opened

    def unlock(folder: Folder) -> None:
        events.append("unlocked")
        real_unlock(folder)

    monkeypatch.setattr("kauneonga_async.exporting.export.open_journal", slow_open)
    monkeypatch.setattr(Folder, "unlock", unlock)
    task = asyncio.create_task(export_messages(client, tmp_path, FIRST, LAST))
    while not entered.is_set():
        await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.sleep(0.05)
    leave.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    while "opened" not in events:
        await asyncio.sleep(0.001)
    assert events == ["opened", "unlocked"]


@pytest.mark.usefixtures("cut_bodies_are_borne")
async def test_the_rows_are_right_whatever_goes_wrong_on_the_way(tmp_path: Path) -> None:
    async with (
        Sandbox(messages=3000, faults=RandomFaults(0.3, kinds=("500", "reset", "cut"))) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token, max_retries=30) as client,
    ):
        report = await export_messages(client, tmp_path, FIRST, LAST)
        assert sorted(lines_in(tmp_path)) == sorted(truth(sandbox))
        assert report.records == 3000
        assert report.stream.retries > 0
        assert report.bytes_written == sum(path.stat().st_size for path in parts_of(tmp_path))


async def test_a_window_that_is_too_large_for_the_server_becomes_several_files(tmp_path: Path) -> None:
    async with (
        Sandbox(messages=300, largest_range=5) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token, max_retries=0) as client,
    ):
        report = await export_messages(client, tmp_path, date(2025, 1, 1), date(2025, 1, 8), window=timedelta(days=8))
        assert [path.name for path in parts_of(tmp_path)] == [
            "messages_2025-01-01_2025-01-02.jsonl",
            "messages_2025-01-03_2025-01-04.jsonl",
            "messages_2025-01-05_2025-01-06.jsonl",
            "messages_2025-01-07_2025-01-08.jsonl",
        ]
        assert report.parts == 4
        assert report.stream.splits == 3
        assert report.records == len(lines_in(tmp_path))


async def test_a_window_cut_off_by_a_silent_cap_is_completed_by_files_of_its_halves(tmp_path: Path) -> None:
    async with Sandbox(messages=900, cap=100) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        report = await export_messages(client, tmp_path, FIRST, LAST)
        lines = lines_in(tmp_path)
        assert sorted(lines) == sorted(truth(sandbox))
        assert report.records == len(lines) == 900
        assert report.stream.splits > 0
        assert report.bytes_written == sum(path.stat().st_size for path in parts_of(tmp_path))


async def test_a_question_that_finds_nothing_missing_writes_nothing(tmp_path: Path) -> None:
    # Ten a day: three full windows tie, and one of them is asked again.
    async with Sandbox(messages=900) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        report = await export_messages(client, tmp_path, FIRST, LAST, concurrency=1)
        assert report.stream.splits > 0
        assert report.parts == report.parts_planned == len(parts_of(tmp_path))
        assert sorted(lines_in(tmp_path)) == sorted(truth(sandbox))


async def test_when_a_window_cannot_be_had_the_files_that_are_there_are_whole(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.settings.faults = ScriptedFaults([None, None, Fault(cut_after=20_000), Fault(status=500)])
    async with KauneongaClient(sandbox.base_url, sandbox.token, max_retries=0) as client:
        with pytest.raises(errors.KauneongaError):
            await export_messages(client, tmp_path, date(2025, 1, 1), date(2025, 1, 4), window=timedelta(days=1))
    names = [path.name for path in parts_of(tmp_path)]
    assert all(name.endswith(".jsonl") for name in names)
    ids = [msgspec.json.decode(line)["id"] for line in lines_in(tmp_path)]
    assert len(set(ids)) == len(ids)


async def test_cancelling_leaves_no_half_file_and_no_connection(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.settings.bandwidth = 20_000
    async with KauneongaClient(sandbox.base_url, sandbox.token) as client:
        task = asyncio.create_task(export_messages(client, tmp_path, FIRST, LAST, window=timedelta(days=30)))
        while not sandbox.requests:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert parts_of(tmp_path) == []


async def test_an_export_that_is_cancelled_again_and_again_leaves_no_half_file(tmp_path: Path) -> None:
    async with (
        Sandbox(messages=3000, bandwidth=30_000) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token) as client,
    ):
        task = asyncio.create_task(export_messages(client, tmp_path, FIRST, LAST, window=timedelta(days=7)))
        while not task.done() and len(list(tmp_path.glob("*.part"))) < 2:
            await asyncio.sleep(0.001)
        assert not task.done()
        for _ in range(200):
            task.cancel()
            await asyncio.sleep(0.0001)
        await asyncio.wait([task])
        assert task.cancelled()
    assert not list(tmp_path.glob("*.part"))


async def test_a_full_disk_is_told_of_and_leaves_nothing_that_looks_whole(
    client: KauneongaClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: AtomicFile, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(AtomicFile, "write", full)
    with pytest.raises(OSError, match="No space left"):
        await export_messages(client, tmp_path, FIRST, LAST)
    assert parts_of(tmp_path) == []


@pytest.mark.usefixtures("cut_bodies_are_borne")
@pytest.mark.parametrize("seed", range(8))
async def test_exactly_once_for_servers_that_cap_their_lists_and_fail(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    server = Sandbox(
        messages=rng.choice([300, 900]),
        seed=seed,
        timezone=rng.choice(["UTC", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12"]),
        to_date_inclusive=rng.random() < 0.5,
        order=rng.choice(["oldest", "newest", "mixed"]),
        cap=rng.choice([60, 100, 250]),
        faults=RandomFaults(0.2, kinds=("500", "reset", "cut"), seed=seed),
    )
    days = rng.choice([3, 7, 30])
    async with server as sandbox, KauneongaClient(sandbox.base_url, sandbox.token, max_retries=40) as client:
        report = await export_messages(client, tmp_path, FIRST, LAST, window=timedelta(days=days))
        lines = lines_in(tmp_path)
        assert sorted(lines) == sorted(truth(sandbox))
        assert report.records == len(lines)
        assert report.parts == len(parts_of(tmp_path))
        assert report.bytes_written == sum(path.stat().st_size for path in parts_of(tmp_path))
