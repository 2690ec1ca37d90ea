"""Exports whose server asks to wait, and what was in hand when it did."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kauneonga_async import ExportReport, KauneongaClient, errors, export_messages, verify_export
from kauneonga_async.exporting.destinations import Folder
from kauneonga_async.files import AtomicFile
from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults
from kauneonga_async.streams import ListingRun
from tests.exporting.readers import lines_in, parts_of
from tests.exporting.truth import truth

FIRST, LAST = date(2025, 1, 1), date(2025, 3, 31)
ASKED_TO_WAIT = Fault(status=429, headers={"Retry-After": "1800"})
RunJumping = Callable[[Coroutine[Any, Any, ExportReport]], ExportReport]


def test_a_server_that_asks_for_an_hour_is_waited_for(tmp_path: Path, run_jumping: RunJumping) -> None:
    async def export() -> ExportReport:
        faults = ScriptedFaults([None, Fault(delay=5), ASKED_TO_WAIT, Fault(delay=5), ASKED_TO_WAIT])
        async with (
            Sandbox(messages=200, faults=faults) as sandbox,
            KauneongaClient(sandbox.base_url, sandbox.token) as client,
        ):
            began = asyncio.get_running_loop().time()
            report = await export_messages(client, tmp_path, FIRST, LAST, concurrency=4)
            assert asyncio.get_running_loop().time() - began >= 1800
            assert sorted(lines_in(tmp_path)) == sorted(truth(sandbox))
            return report

    report = run_jumping(export())
    assert report.parts == report.parts_planned == len(parts_of(tmp_path)) == 13
    assert report.records == 200


async def test_a_server_that_asks_for_a_day_is_not(client: KauneongaClient, sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.settings.faults = ScriptedFaults([Fault(status=429, headers={"Retry-After": "86400"})])
    with pytest.raises(errors.RateLimited):
        await export_messages(client, tmp_path, FIRST, LAST)


def test_a_server_that_always_asks_for_half_an_hour_is_not_waited_for_longer_than_an_hour(
    tmp_path: Path, run_jumping: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    async def export() -> None:
        async with (
            Sandbox(messages=200, faults=lambda method, path: ASKED_TO_WAIT) as sandbox,
            KauneongaClient(sandbox.base_url, sandbox.token) as client,
        ):
            began = asyncio.get_running_loop().time()
            async with asyncio.timeout(100_000):
                with pytest.raises(errors.RateLimited):
                    await export_messages(client, tmp_path, FIRST, LAST, concurrency=1)
            assert 3600 <= asyncio.get_running_loop().time() - began < 4000

    run_jumping(export())


def test_an_export_that_each_wait_brings_on_waits_as_often_as_that_takes(
    tmp_path: Path, run_jumping: RunJumping
) -> None:
    async def export() -> ExportReport:
        async with (
            Sandbox(messages=200, faults=ScriptedFaults([None, None, None, ASKED_TO_WAIT] * 4)) as sandbox,
            KauneongaClient(sandbox.base_url, sandbox.token) as client,
        ):
            began = asyncio.get_running_loop().time()
            report = await export_messages(client, tmp_path, FIRST, LAST, concurrency=1)
            assert asyncio.get_running_loop().time() - began >= 4 * 1800
            assert sorted(lines_in(tmp_path)) == sorted(truth(sandbox))
            return report

    assert run_jumping(export()).records == 200


def test_what_a_list_was_found_to_lack_brings_an_export_on_as_well(tmp_path: Path, run_jumping: RunJumping) -> None:
    """One window, whose list is cut off in silence, and a server that answers twenty requests an hour."""
    hours: Counter[int] = Counter()

    def quota(method: str, path: str) -> Fault | None:
        hour, into = divmod(asyncio.get_running_loop().time(), 3600)
        hours[int(hour)] += 1
        wait = {"Retry-After": str(3601 - int(into))}
        return Fault(status=429, headers=wait) if hours[int(hour)] > 20 else None

    async def export() -> ExportReport:
        async with (
            Sandbox(messages=1000, cap=100, faults=quota) as sandbox,
            KauneongaClient(sandbox.base_url, sandbox.token) as client,
        ):
            report = await export_messages(client, tmp_path, FIRST, LAST, window=timedelta(days=90), concurrency=1)
            assert sorted(lines_in(tmp_path)) == sorted(truth(sandbox))
            return report

    assert run_jumping(export()).records == 1000
    assert len(hours) > 2


def test_a_server_that_asks_for_an_hour_when_it_is_asked_for_its_present_is_waited_for(
    tmp_path: Path, run_jumping: RunJumping
) -> None:
    today = datetime.now(UTC).date()
    begin = today - timedelta(days=9)

    async def export() -> ExportReport:
        async with (
            Sandbox(messages=100, start=begin, end=today, faults=ScriptedFaults([ASKED_TO_WAIT])) as sandbox,
            KauneongaClient(sandbox.base_url, sandbox.token) as client,
        ):
            report = await export_messages(client, tmp_path, begin)
            assert report.until is not None
            start = datetime.combine(begin, datetime.min.time(), UTC)
            assert sorted(lines_in(tmp_path)) == sorted(sandbox.world.between(start, report.until))
            return report

    assert run_jumping(export()).parts == len(parts_of(tmp_path))


class Interrupted:
    """A server that has a window of eight days cut in two, and asks to wait while both halves are about to be told of.

    After that it lists the window whole.

    Attributes:
        in_hand: What was held.
        is_time: Tells whether it is time to ask to wait.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sandbox = Sandbox(messages=800, start=date(2025, 1, 1), end=date(2025, 1, 16), faults=self._fault)
        self.in_hand: set[str] = set()
        self.is_time: Callable[[], bool] = lambda: len(self.in_hand) == 2
        self._has_asked = False
        self._others_are_cancelled = threading.Event()
        labour = ListingRun._labour

        async def noticed(run: ListingRun[Any]) -> None:
            try:
                await labour(run)
            except errors.RateLimited:
                self._has_asked = True
                loop = asyncio.get_running_loop()
                # The first comes before what follows from the end of this task, the second after it.
                loop.call_soon(loop.call_soon, self._others_are_cancelled.set)
                raise

        monkeypatch.setattr(ListingRun, "_labour", noticed)

    def hold(self, what: str) -> None:
        """Wait until whoever waits for this thread was cancelled."""
        if not self._has_asked:
            self.in_hand.add(what)
            assert self._others_are_cancelled.wait(10)

    async def export_to(self, folder: Path) -> ExportReport:
        async with self.sandbox as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
            first, last = date(2025, 1, 1), date(2025, 1, 16)
            report = await export_messages(client, folder, first, last, window=timedelta(days=8))
            assert self._has_asked
            assert sorted(lines_in(folder)) == sorted(truth(sandbox))
            assert (await verify_export(folder)).is_whole
            assert (await export_messages(client, folder, first, last, window=timedelta(days=8))).parts == 0
            return report

    def _fault(self, method: str, path: str) -> Fault | None:
        query = self.sandbox.requests[-1].query
        if self._has_asked:
            return None
        if query["from_date"] == "01-08-2025":
            return ASKED_TO_WAIT if self.is_time() else Fault(status=500)
        return Fault(status=504) if query["to_date"] == "01-10-2025" and query["from_date"] == "12-31-2024" else None


def test_files_that_appeared_while_the_server_asked_to_wait_are_not_there_beside_what_takes_their_place(
    tmp_path: Path, run_jumping: RunJumping, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Interrupted(monkeypatch)
    commit = AtomicFile.commit

    def slow_commit(file: AtomicFile) -> Path:
        if file.path.suffix == ".jsonl":
            server.hold(file.path.name)
        return commit(file)

    monkeypatch.setattr(AtomicFile, "commit", slow_commit)
    report = run_jumping(server.export_to(tmp_path))
    assert [path.name for path in parts_of(tmp_path)] == [
        "messages_2025-01-01_2025-01-08.jsonl",
        "messages_2025-01-09_2025-01-16.jsonl",
    ]
    assert (report.parts, report.parts_planned, report.records) == (2, 2, 800)
    assert report.bytes_written == sum(path.stat().st_size for path in parts_of(tmp_path))


def test_of_what_was_told_while_the_server_asked_to_wait_that_counts_which_is_durable(
    tmp_path: Path, run_jumping: RunJumping, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One half's entry is being written, the other's waits for that."""
    server = Interrupted(monkeypatch)
    server.is_time = lambda: bool(server.in_hand) and len(parts_of(tmp_path)) == 2
    append = Folder.append_lines

    def slow_append(folder: Folder, name: str, lines: Sequence[bytes]) -> None:
        if parts_of(tmp_path):
            server.hold(name)
        append(folder, name, lines)

    monkeypatch.setattr(Folder, "append_lines", slow_append)
    report = run_jumping(server.export_to(tmp_path))
    assert len(parts_of(tmp_path)) == 3
    assert (report.parts, report.parts_planned, report.parts_kept, report.records) == (3, 3, 0, 800)
    assert report.bytes_written == sum(path.stat().st_size for path in parts_of(tmp_path))
