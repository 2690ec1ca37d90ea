"""Exports of recordings that are held up, cut short or stopped: nothing is written off too soon, or left behind."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from blockbuster import blockbuster_ctx

from kauneonga_async import KauneongaClient, RecordingsReport, config, errors, export_recordings
from kauneonga_async.exporting.recordings.manifest import Manifest
from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults

LIST = "/api/v2/call-recordings"
HALF_AN_HOUR = Fault(status=429, headers={"Retry-After": "1800"})
A_DAY = Fault(status=429, headers={"Retry-After": "86400"})


def statuses(folder: Path) -> dict[int, str]:
    lines = [json.loads(line) for line in (folder / "recordings.jsonl").read_text(encoding="utf-8").splitlines()]
    found = {line["id"]: line["status"] for line in lines}
    assert len(found) == len(lines)
    assert all(line["recording"]["id"] == line["id"] for line in lines)
    return found


class Seldom:
    """Faults of the first requests for each path."""

    def __init__(self, faults: dict[str, list[Fault | None]], *, otherwise: tuple[Fault, ...] = ()) -> None:
        self._faults = {path: list(those) for path, those in faults.items()}
        self._otherwise = otherwise

    def __call__(self, method: str, path: str) -> Fault | None:
        left = self._faults.setdefault(path, list(self._otherwise))
        return left.pop(0) if left else None


def test_a_server_that_asks_for_an_hour_is_waited_for(
    tmp_path: Path, run_jumping: Callable[[Coroutine[Any, Any, RecordingsReport]], RecordingsReport]
) -> None:
    async def export() -> RecordingsReport:
        faults = Seldom({LIST: [HALF_AN_HOUR]}, otherwise=(HALF_AN_HOUR,))
        async with (
            Sandbox(recordings=6, faults=faults) as sandbox,
            KauneongaClient(sandbox.base_url, sandbox.token, max_retries=0) as client,
        ):
            began = asyncio.get_running_loop().time()
            report = await export_recordings(client, tmp_path)
            assert asyncio.get_running_loop().time() - began >= 3600
            return report

    report = run_jumping(export())
    assert (report.listed, report.downloaded, report.failed) == (6, 6, 0)
    assert Counter(statuses(tmp_path).values()) == {"done": 6}


def test_a_list_that_stalls_and_is_to_be_waited_for_is_gone_on_with(
    tmp_path: Path, run_jumping: Callable[[Coroutine[Any, Any, RecordingsReport]], RecordingsReport]
) -> None:
    asked: list[str] = []

    async def export() -> RecordingsReport:
        seldom = Seldom({LIST: [Fault(stall_after=3_000), HALF_AN_HOUR]})

        def faults(method: str, path: str) -> Fault | None:
            asked.append(path)
            return seldom(method, path)

        async with (
            Sandbox(recordings=200, faults=faults) as sandbox,
            KauneongaClient(sandbox.base_url, sandbox.token) as client,
        ):
            return await export_recordings(client, tmp_path, concurrency=4)

    report = run_jumping(export())
    last = len(asked) - asked[::-1].index(LIST) - 1
    before = {path for path in asked[:last] if path != LIST}
    assert before
    assert len(before.intersection(asked[last:])) <= 4 * 5  # those that had not landed
    assert (report.listed, report.downloaded, report.failed) == (200, 200, 0)
    assert Counter(statuses(tmp_path).values()) == {"done": 200}


async def test_a_server_that_asks_for_a_day_before_it_lists_is_not_waited_for(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    sandbox.settings.faults = ScriptedFaults([A_DAY])
    with pytest.raises(errors.RateLimited):
        await export_recordings(client, tmp_path)


def test_a_recording_whose_server_asks_for_a_day_has_failed(
    tmp_path: Path, run_jumping: Callable[[Coroutine[Any, Any, RecordingsReport]], RecordingsReport]
) -> None:
    async def export() -> RecordingsReport:
        async with (
            Sandbox(recordings=3, faults=ScriptedFaults([None, A_DAY])) as sandbox,
            KauneongaClient(sandbox.base_url, sandbox.token) as client,
        ):
            return await export_recordings(client, tmp_path)

    report = run_jumping(export())
    assert (report.downloaded, report.failed) == (2, 1)


def test_a_recording_whose_server_always_asks_for_a_moment_has_failed_after_an_hour(
    tmp_path: Path, run_jumping: Callable[[Coroutine[Any, Any, RecordingsReport]], RecordingsReport]
) -> None:
    async def export() -> RecordingsReport:
        async with (
            Sandbox(recordings=3) as sandbox,
            KauneongaClient(sandbox.base_url, sandbox.token, max_retries=0) as client,
        ):
            held_up = f"/audio/{sandbox.world.recording_ids()[1]}.mp3"
            a_while = Fault(status=429, headers={"Retry-After": "300"})
            sandbox.settings.faults = lambda method, path: a_while if path == held_up else None
            began = asyncio.get_running_loop().time()
            async with asyncio.timeout(100_000):
                report = await export_recordings(client, tmp_path)
            assert 3600 <= asyncio.get_running_loop().time() - began < 4000
            return report

    report = run_jumping(export())
    assert (report.downloaded, report.failed) == (2, 1)
    assert Counter(statuses(tmp_path).values()) == {"done": 2, "failed": 1}


def test_all_recordings_together_are_waited_for_an_hour(
    tmp_path: Path, run_jumping: Callable[[Coroutine[Any, Any, RecordingsReport]], RecordingsReport]
) -> None:
    a_while = Fault(status=429, headers={"Retry-After": "300"})

    async def export() -> RecordingsReport:
        async with (
            Sandbox(recordings=30, faults=lambda method, path: a_while if "audio" in path else None) as sandbox,
            KauneongaClient(sandbox.base_url, sandbox.token, max_retries=0) as client,
        ):
            began = asyncio.get_running_loop().time()
            report = await export_recordings(client, tmp_path, concurrency=2)
            # Behind the hour each is tried once, as seldom as the server asks.
            assert 3600 <= asyncio.get_running_loop().time() - began < 3600 + 30 * (config.LONGEST_RETRY_AFTER + 1)
            return report

    assert run_jumping(export()).failed == 30


def test_a_server_that_never_lists_is_not_waited_for_longer_than_an_hour(
    tmp_path: Path, run_jumping: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    async def export() -> None:
        async with (
            Sandbox(recordings=3, faults=lambda method, path: HALF_AN_HOUR) as sandbox,
            KauneongaClient(sandbox.base_url, sandbox.token, max_retries=0) as client,
        ):
            async with asyncio.timeout(100_000):
                with pytest.raises(errors.RateLimited):
                    await export_recordings(client, tmp_path)
            assert len(sandbox.requests) == 3

    run_jumping(export())


def test_a_list_that_each_wait_brings_on_is_waited_for_as_often_as_that_takes(
    tmp_path: Path, run_jumping: Callable[[Coroutine[Any, Any, RecordingsReport]], RecordingsReport]
) -> None:
    async def export() -> RecordingsReport:
        stalls = [Fault(stall_after=size) for size in (5_000, 10_000, 15_000)]
        faults = Seldom({LIST: [fault for stall in stalls for fault in (stall, HALF_AN_HOUR)]})
        async with (
            Sandbox(recordings=200, faults=faults) as sandbox,
            KauneongaClient(sandbox.base_url, sandbox.token) as client,
        ):
            began = asyncio.get_running_loop().time()
            report = await export_recordings(client, tmp_path, concurrency=4)
            assert asyncio.get_running_loop().time() - began >= 3 * 1800
            return report

    report = run_jumping(export())
    assert (report.listed, report.downloaded, report.failed) == (200, 200, 0)


async def test_the_list_has_the_time_and_the_retries_that_were_given(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    sandbox.settings.faults = lambda method, path: Fault(delay=60)
    with pytest.raises(errors.RequestTimeout, match=r"waited 0\.2 s"):
        await export_recordings(client, tmp_path, timeout=0.2, max_retries=0)
    assert len(sandbox.requests) == 1


async def test_an_export_that_is_cancelled_while_its_manifest_begins_leaves_nothing_open(
    client: KauneongaClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, begun, may_go_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    real = Manifest.begin

    def begin(manifest: Manifest) -> None:
        real(manifest)
        loop.call_soon_threadsafe(begun.set)
        assert may_go_on.wait(10)

    monkeypatch.setattr(Manifest, "begin", begin)
    task = asyncio.create_task(export_recordings(client, tmp_path))
    await begun.wait()
    task.cancel()
    loop.call_soon(may_go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not list(tmp_path.glob("*.part"))
    assert not [path for path in Path("/dev/fd").iterdir() if str(path.resolve()).startswith(str(tmp_path))]


@pytest.fixture
def blocked_loop() -> Iterator[None]:
    with blockbuster_ctx("kauneonga_async"):
        yield


async def test_the_loop_is_not_blocked_by_what_is_uploaded(client: KauneongaClient, blocked_loop: None) -> None:
    assert (await export_recordings(client, "memory://recordings/uploaded")).downloaded == 3
