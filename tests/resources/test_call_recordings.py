"""``client.call_recordings``: listed, and downloaded whole, under a name that is safe, or not at all."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from kauneonga_async import CallRecording, KauneongaClient, errors
from tests.resources.audio import AUDIO, left_over, recording, serve_ranges
from tests.wire import TOKEN, Exchange, WireServer, response

Run = Callable[[Coroutine[Any, Any, Any]], Any]


async def test_recordings_are_listed(client: KauneongaClient) -> None:
    listed = await client.call_recordings.list()
    assert [r.id for r in listed] == [36, 37, 38]
    assert all(r.cdr is not None and r.cdr.talk_sec for r in listed)
    assert [r.id async for r in client.call_recordings.stream(record_type=CallRecording)] == [36, 37, 38]


async def test_audio_is_downloaded_into_a_folder_or_to_a_name(client: KauneongaClient, tmp_path: Path) -> None:
    first = (await client.call_recordings.list())[0]
    in_folder = await client.call_recordings.download(first, tmp_path)
    named = await client.call_recordings.download(first, str(tmp_path / "call.audio"))
    assert in_folder == tmp_path / "36.mp3"
    assert named == tmp_path / "call.audio"
    assert in_folder.read_bytes() == named.read_bytes()
    assert in_folder.read_bytes().startswith(b"ID3")
    assert in_folder.stat().st_mode & 0o777 == 0o600
    assert left_over(tmp_path) == ["36.mp3", "call.audio"]


async def test_what_is_there_is_replaced_whole(client: KauneongaClient, tmp_path: Path) -> None:
    (tmp_path / "36.mp3").write_bytes(b"old")
    first = (await client.call_recordings.list())[0]
    path = await client.call_recordings.download(first, tmp_path)
    assert path.read_bytes().startswith(b"ID3")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (response(body=b"<html>Session expired</html>", content_type="audio/mpeg"), "no audio"),
        (response(body=b'\n{"error": "expired"}', content_type="audio/mpeg"), "no audio"),
        (response(body=b"expired", content_type="text/plain"), "no audio"),
        (response(body=b"", content_type="audio/mpeg"), "empty"),
        (response(204, content_length=""), "204"),
    ],
)
async def test_what_is_no_audio_gets_no_name(tmp_path: Path, answer: bytes, said: str) -> None:
    async with WireServer(answer) as server, KauneongaClient(server.base_url, TOKEN) as client:
        with pytest.raises(errors.DecodeError, match=said):
            await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
        assert left_over(tmp_path) == []


@pytest.mark.parametrize("kind", ["audio/mpeg", "application/octet-stream", ""])
async def test_audio_of_an_unknown_kind_is_kept(tmp_path: Path, kind: str) -> None:
    """An MP3 may begin with silence, raw GSM with anything."""
    audio = bytes(range(256)) * 400
    async with WireServer(response(body=audio, content_type=kind)) as server:
        async with KauneongaClient(server.base_url, TOKEN) as client:
            path = await client.call_recordings.download(recording(f"{server.origin}/a.gsm"), tmp_path)
    assert path.read_bytes() == audio


@pytest.mark.parametrize(
    ("status", "error"), [(404, errors.NotFound), (403, errors.PermissionDenied), (410, errors.StatusError)]
)
async def test_audio_that_is_gone(tmp_path: Path, status: int, error: type[Exception]) -> None:
    async with WireServer(response(status)) as server, KauneongaClient(server.base_url, TOKEN) as client:
        with pytest.raises(error):
            await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
        assert left_over(tmp_path) == []


@pytest.mark.parametrize("name", ["repr_digest", "digest", "content_md5"])
async def test_a_digest_that_is_offered_is_checked(tmp_path: Path, name: str) -> None:
    sha, md5 = b64encode(hashlib.sha256(AUDIO).digest()).decode(), b64encode(hashlib.md5(AUDIO).digest()).decode()
    values = {"repr_digest": f"sha-256=:{sha}:", "digest": f"SHA-256={sha}", "content_md5": md5}
    offered: Any = {name: values[name]}
    good = response(body=AUDIO, **offered)
    bad = response(body=AUDIO[:-1] + b"\x00", **offered)
    async with WireServer(bad, good) as server, KauneongaClient(server.base_url, TOKEN) as client:
        path = await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
        assert path.read_bytes() == AUDIO
        assert len(server.exchanges) == 2


async def test_audio_beyond_the_cap_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kauneonga_async.config.LARGEST_RECORDING", 1000)
    for answer in (response(body=AUDIO), response(body=AUDIO, content_length="")):
        async with WireServer(answer) as server, KauneongaClient(server.base_url, TOKEN) as client:
            with pytest.raises(errors.DecodeError, match="larger than 1,000 bytes"):
                await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
        assert left_over(tmp_path) == []


async def test_a_disk_that_is_full_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 10}))
    async with WireServer(response(body=AUDIO)) as server, KauneongaClient(server.base_url, TOKEN) as client:
        with pytest.raises(OSError, match="10 are free"):
            await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
        assert len(server.exchanges) == 1


async def test_a_folder_that_is_not_there_is_an_os_error(client: KauneongaClient, tmp_path: Path) -> None:
    first = (await client.call_recordings.list())[0]
    with pytest.raises(FileNotFoundError):
        await client.call_recordings.download(first, tmp_path / "no" / "such.mp3")


async def test_a_link_in_the_part_s_place_is_not_followed(client: KauneongaClient, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / "36.mp3.part").symlink_to(tmp_path / "elsewhere" / "target")
    first = (await client.call_recordings.list())[0]
    with pytest.raises(OSError, match="symbolic"):
        await client.call_recordings.download(first, tmp_path / "audio")
    assert left_over(tmp_path / "elsewhere") == []


async def test_two_downloads_of_one_file_do_not_mix(tmp_path: Path) -> None:
    async with WireServer(serve_ranges()) as server, KauneongaClient(server.base_url, TOKEN) as client:
        results = await asyncio.gather(
            *(client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path) for _ in range(4)),
            return_exceptions=True,
        )
        assert any(isinstance(result, Path) for result in results)
        assert all(isinstance(result, (Path, errors.DestinationLocked)) for result in results)
        assert (tmp_path / "36.mp3").read_bytes() == AUDIO
        assert left_over(tmp_path) == ["36.mp3"]


HOSTILE = ["../../etc/passwd", "a/../../b.mp3", "..%2f..%2fx.mp3", "x.mp3/../../y", "con.mp3\x00.sh", "." * 300,
           "é.exe", "~/.ssh/id_rsa", "-rf.mp3", "x.MP3", "x.mp3;rm -rf", "%00.mp3", "x\\..\\y.wav"]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_file_s_name_is_made_of_the_id_alone(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "audio"
    folder.mkdir()
    async with WireServer(response(body=AUDIO)) as server, KauneongaClient(server.base_url, TOKEN) as client:
        path = await client.call_recordings.download(recording(f"{server.origin}/{name}"), folder)
    assert path.parent == folder
    assert path.name in {"36.mp3", "36.wav"}
    assert left_over(folder) == [path.name]
    assert left_over(tmp_path) == ["audio"]


async def test_what_is_no_recording_is_refused(client: KauneongaClient, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"recording.*int"):
        await client.call_recordings.download(36, tmp_path)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"path.*int"):
        await client.call_recordings.download(recording("https://a.example/a.mp3"), 7)  # type: ignore[arg-type]


def test_a_stall_meets_the_timeout(tmp_path: Path, run_jumping: Run) -> None:
    async def stall(exchange: Exchange) -> None:
        await exchange.send(response(body=AUDIO)[:5000])
        await asyncio.sleep(3600)

    async def main() -> None:
        async with WireServer(stall) as server, KauneongaClient(server.base_url, TOKEN, timeout=5) as client:
            with pytest.raises(errors.RequestTimeout):
                await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path, max_retries=0)

    run_jumping(main())
