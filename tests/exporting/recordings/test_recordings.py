"""Exports of recordings: each file once, whole, tied to its call, and tried again where it was not to be had."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from blockbuster import blockbuster_ctx

from kauneonga_async import KauneongaClient, RecordingsReport, errors, export_recordings
from kauneonga_async.exporting.destinations import Destination, Folder
from kauneonga_async.exporting.opening import digest_of
from kauneonga_async.sandbox import Fault, RandomFaults, Sandbox, ScriptedFaults
from tests.wire import TOKEN, Exchange, WireServer, listing, response

AUDIO = b"ID3\x03" + bytes(range(256)) * 40


def manifest(folder: Path) -> dict[int, dict[str, Any]]:
    lines = (folder / "recordings.jsonl").read_text(encoding="utf-8").splitlines()
    entries = {entry["id"]: entry for entry in map(json.loads, lines)}
    assert len(entries) == len(lines)
    return entries


def audio_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix == ".mp3")


Answers = dict[str, bytes | Callable[[Exchange], Awaitable[None]]]


def api(recordings: Callable[[str], list[dict[str, Any]]], audio: Answers) -> tuple[WireServer, list[str]]:
    """A server that lists recordings, and answers for their audio by its path."""
    asked: list[str] = []

    async def serve(exchange: Exchange) -> None:
        asked.append(exchange.target)
        if exchange.target == "/api/v2/call-recordings":
            await exchange.send(response(body=listing(recordings(server.origin))))
            return
        answer = audio[exchange.target]
        if isinstance(answer, bytes):
            await exchange.send(answer)
        else:
            await answer(exchange)

    server = WireServer(serve)
    return server, asked


async def test_each_recording_has_its_file_and_its_line(client: KauneongaClient, tmp_path: Path) -> None:
    report = await export_recordings(client, tmp_path)
    assert audio_in(tmp_path) == ["36.mp3", "37.mp3", "38.mp3"]
    assert (report.listed, report.downloaded, report.kept, report.failed) == (3, 3, 0, 0)
    lines = manifest(tmp_path)
    assert set(lines) == {36, 37, 38}
    for line in lines.values():
        content = (tmp_path / line["file"]).read_bytes()
        assert content.startswith(b"ID3")
        assert (line["status"], line["bytes"]) == ("done", len(content))
        assert line["sha256"] == hashlib.sha256(content).hexdigest()
        assert line["verified"] == "length"
        assert line["recording"]["id"] == line["id"]
        assert line["recording"]["cdr"]["talk_sec"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())


async def test_what_is_there_is_not_downloaded_again(sandbox: Sandbox, client: KauneongaClient, tmp_path: Path) -> None:
    await export_recordings(client, tmp_path)
    before = manifest(tmp_path)
    (tmp_path / "37.mp3").unlink()
    sandbox.requests.clear()
    report = await export_recordings(client, tmp_path)
    assert [request.path for request in sandbox.requests] == ["/api/v2/call-recordings", "/audio/37.mp3"]
    assert (report.listed, report.downloaded, report.kept) == (3, 1, 2)
    assert manifest(tmp_path) == before


async def test_a_file_that_was_changed_is_downloaded_again(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    await export_recordings(client, tmp_path)
    content = (tmp_path / "36.mp3").read_bytes()
    (tmp_path / "36.mp3").write_bytes(content[:-1] + b"x")
    assert (await export_recordings(client, tmp_path)).downloaded == 1
    assert (tmp_path / "36.mp3").read_bytes() == content


async def test_files_that_were_copied_are_read_once_and_known_by_their_new_times_from_then_on(
    client: KauneongaClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await export_recordings(client, tmp_path)
    for place, name in enumerate(audio_in(tmp_path)):
        os.utime(tmp_path / name, ns=(place, place))
    read: list[str] = []

    def note_and_digest(destination: Destination, name: str) -> str:
        read.append(name)
        return digest_of(destination, name)

    monkeypatch.setattr("kauneonga_async.exporting.recordings.run.digest_of", note_and_digest)
    for expected in (audio_in(tmp_path), []):
        assert (await export_recordings(client, tmp_path)).kept == 3
        assert sorted(read) == expected
        read.clear()


async def test_overwrite_downloads_all_anew(client: KauneongaClient, tmp_path: Path) -> None:
    await export_recordings(client, tmp_path)
    assert (await export_recordings(client, tmp_path, overwrite=True)).downloaded == 3


async def test_an_expired_url_is_listed_once_more(tmp_path: Path) -> None:
    listed = 0

    def recordings(origin: str) -> list[dict[str, Any]]:
        nonlocal listed
        listed += 1
        return [
            {"id": 36, "recording": f"{origin}/a.mp3?signature={listed}"},
            {"id": 37, "recording": f"{origin}/b.mp3"},
        ]

    server, asked = api(
        recordings,
        {
            "/a.mp3?signature=1": response(403),
            "/a.mp3?signature=2": response(body=AUDIO),
            "/b.mp3": response(body=AUDIO),
        },
    )
    async with server, KauneongaClient(server.base_url, TOKEN) as client:
        report = await export_recordings(client, tmp_path)
    assert (report.downloaded, report.expired, report.listed) == (2, 0, 2)
    assert asked.count("/api/v2/call-recordings") == 2
    assert asked.count("/b.mp3") == 1
    assert {line["status"] for line in manifest(tmp_path).values()} == {"done"}


async def test_what_cannot_be_had_is_said_so_and_tried_again_by_the_next_run(tmp_path: Path) -> None:
    audio: Answers = {
        "/expired.mp3": response(410),
        "/missing.mp3": response(404),
        "/page.mp3": response(body=b"<html>log in</html>"),
    }
    server, _ = api(
        lambda origin: [
            {"id": 1, "recording": f"{origin}/expired.mp3"},
            {"id": 2, "recording": f"{origin}/missing.mp3"},
            {"id": 3, "recording": f"{origin}/page.mp3"},
            {"id": 4, "recording": None},
            {"id": 5, "recording": "http://169.254.169.254/latest/meta-data"},
            {"id": 6, "recording": "file:///etc/passwd"},
            {"id": 7, "recording": 7},
        ],
        audio,
    )
    async with server, KauneongaClient(server.base_url, TOKEN, max_retries=0) as client:
        report = await export_recordings(client, tmp_path)
        assert (report.expired, report.missing, report.failed, report.without_audio) == (1, 1, 4, 1)
        lines = manifest(tmp_path)
        assert [lines[record_id]["status"] for record_id in range(1, 8)] == [
            *("expired", "missing", "failed", "no audio", "failed", "failed", "failed")
        ]
        assert "text, and no audio" in lines[3]["error"]
        assert "private" in lines[5]["error"]
        assert TOKEN not in (tmp_path / "recordings.jsonl").read_text(encoding="utf-8")
        for path in ("/expired.mp3", "/missing.mp3", "/page.mp3"):
            audio[path] = response(body=AUDIO)
        report = await export_recordings(client, tmp_path)
        assert (report.downloaded, report.expired, report.missing, report.failed) == (3, 0, 0, 3)


async def test_a_download_that_broke_off_is_resumed_by_the_next_run(tmp_path: Path) -> None:
    content = b"ID3\x03" + bytes(3_000_000)

    async def cut(exchange: Exchange) -> None:
        head = response(body=content, etag='"v1"')
        await exchange.send(head[:2_000_000])
        await asyncio.sleep(0.05)
        exchange.reset()

    audio: Answers = {"/a.mp3": cut}
    server, _ = api(lambda origin: [{"id": 36, "recording": f"{origin}/a.mp3"}], audio)
    async with server, KauneongaClient(server.base_url, TOKEN, max_retries=0) as client:
        assert (await export_recordings(client, tmp_path)).failed == 1
        ranges: list[str | None] = []

        async def rest(exchange: Exchange) -> None:
            ranges.append(exchange.headers.get("range"))
            begin = int((ranges[-1] or "bytes=0-").removeprefix("bytes=").rstrip("-"))
            await exchange.send(
                response(
                    206,
                    content[begin:],
                    etag='"v1"',
                    content_range=f"bytes {begin}-{len(content) - 1}/{len(content)}",
                )
            )

        audio["/a.mp3"] = rest
        assert (await export_recordings(client, tmp_path)).downloaded == 1
        assert ranges[0] is not None
        assert (tmp_path / "36.mp3").read_bytes() == content
        assert manifest(tmp_path)[36]["sha256"] == hashlib.sha256(content).hexdigest()


async def test_a_recording_that_is_not_listed_any_more_keeps_its_file_and_line(tmp_path: Path) -> None:
    ids = [36, 37]
    audio: Answers = {f"/{record_id}.mp3": response(body=AUDIO) for record_id in ids}
    server, _ = api(lambda origin: [{"id": i, "recording": f"{origin}/{i}.mp3", "call_id": i} for i in ids], audio)
    async with server, KauneongaClient(server.base_url, TOKEN) as client:
        await export_recordings(client, tmp_path)
        ids.remove(36)
        report = await export_recordings(client, tmp_path)
    assert (report.listed, report.kept) == (1, 1)
    assert audio_in(tmp_path) == ["36.mp3", "37.mp3"]
    assert manifest(tmp_path)[36]["recording"]["call_id"] == 36


async def test_no_more_are_downloaded_at_once_than_allowed(tmp_path: Path) -> None:
    now = most = 0

    async def slow(exchange: Exchange) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        await exchange.send(response(body=AUDIO))

    server, _ = api(lambda origin: [{"id": i, "recording": f"{origin}/a.mp3"} for i in range(1, 30)], {"/a.mp3": slow})
    async with server, KauneongaClient(server.base_url, TOKEN) as client:
        await export_recordings(client, tmp_path, concurrency=3)
    assert most == 3


async def test_a_token_that_is_refused_ends_it_at_once(tmp_path: Path) -> None:
    refusal = response(404, b'{"success":false,"info":"Invalid token","data":{}}')
    server, asked = api(
        lambda origin: [{"id": i, "recording": f"{origin}/a.mp3"} for i in range(1, 100)], {"/a.mp3": refusal}
    )
    async with server, KauneongaClient(server.base_url, TOKEN, concurrency=4) as client:
        with pytest.raises(errors.AuthenticationError):
            await export_recordings(client, tmp_path)
    assert len(asked) < 20
    assert audio_in(tmp_path) == []


async def test_two_exports_to_one_folder_do_not_mix(client: KauneongaClient, tmp_path: Path) -> None:
    place = Folder(tmp_path, "recordings")
    place.lock()
    with pytest.raises(errors.DestinationLocked):
        await export_recordings(client, tmp_path)
    place.unlock()


async def test_another_account_s_folder_is_refused(sandbox: Sandbox, client: KauneongaClient, tmp_path: Path) -> None:
    await export_recordings(client, tmp_path)
    async with KauneongaClient(sandbox.base_url, "another") as other:
        with pytest.raises(errors.ConfigurationError, match="another token"):
            await export_recordings(other, tmp_path)


async def test_what_was_begun_in_vain_binds_nobody(sandbox: Sandbox, client: KauneongaClient, tmp_path: Path) -> None:
    async with KauneongaClient(sandbox.base_url, "wrong") as other:
        with pytest.raises(errors.AuthenticationError):
            await export_recordings(other, tmp_path)
    assert (await export_recordings(client, tmp_path)).downloaded == 3
    assert (await export_recordings(client, tmp_path)).kept == 3


async def test_files_that_the_journal_does_not_tell_of_yet_bind_it(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    await export_recordings(client, tmp_path)
    journal = tmp_path / "_recordings.journal"
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
    async with KauneongaClient(sandbox.base_url, "another") as other:
        with pytest.raises(errors.ConfigurationError, match="another token"):
            await export_recordings(other, tmp_path)
    assert (await export_recordings(client, tmp_path)).downloaded == 3


@pytest.mark.usefixtures("cut_bodies_are_borne")
async def test_it_is_complete_whatever_goes_wrong_on_the_way(tmp_path: Path) -> None:
    faults = RandomFaults(0.3, kinds=("500", "reset", "cut"))
    async with (
        Sandbox(recordings=40, faults=faults) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token, max_retries=30) as client,
    ):
        report = await export_recordings(client, tmp_path)
    assert (report.downloaded, report.failed) == (40, 0)
    assert report.retries > 0
    assert report.bytes_written == sum(path.stat().st_size for path in tmp_path.glob("*.mp3"))


async def test_stopped_and_started_again_it_ends_complete(tmp_path: Path) -> None:
    async with (
        Sandbox(recordings=30, latency=0.01) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token, concurrency=2) as client,
    ):
        stops = 0
        for turns in range(1, 40):
            task = asyncio.create_task(export_recordings(client, tmp_path))
            await asyncio.wait([task], timeout=turns * 0.01)
            if task.done():
                break
            task.cancel()
            await asyncio.wait([task])
            stops += 1
        report = await export_recordings(client, tmp_path)
        assert stops > 2
        assert report.kept == 30
        assert len(manifest(tmp_path)) == 30
        assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".mp3") == [
            *("_recordings.journal", "_recordings.lock", "recordings.jsonl")
        ]


async def test_progress_is_told_and_ends_with_the_whole(client: KauneongaClient, tmp_path: Path) -> None:
    seen: list[int] = []

    def note(report: RecordingsReport) -> None:
        seen.append(report.downloaded)

    await export_recordings(client, tmp_path, progress=note)
    assert seen == sorted(seen)
    assert seen[-1] == 3


async def test_a_disk_that_fails_is_an_error_and_not_a_recording_s(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    (tmp_path / "36.mp3.part").mkdir()
    with pytest.raises(OSError, match="36"):
        await export_recordings(client, tmp_path)


@pytest.fixture
def blocked_loop() -> Iterator[None]:
    with blockbuster_ctx("kauneonga_async"):
        yield


async def test_the_loop_is_never_blocked_by_files(client: KauneongaClient, tmp_path: Path, blocked_loop: None) -> None:
    await export_recordings(client, tmp_path)


async def test_a_stalled_download_does_not_hold_the_others_up(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.settings.faults = ScriptedFaults([None, Fault(stall_after=10)])
    async with KauneongaClient(sandbox.base_url, sandbox.token, max_retries=0, timeout=0.5) as client:
        report = await export_recordings(client, tmp_path)
    assert (report.downloaded, report.failed) == (2, 1)
