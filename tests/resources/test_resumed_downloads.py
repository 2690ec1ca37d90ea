"""``client.call_recordings.download``: what broke off is gone on with, and only halves of one whole are joined."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from kauneonga_async import KauneongaClient, errors
from kauneonga_async.downloads import Target
from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults
from tests.resources.audio import AUDIO, left_over, recording, serve_ranges
from tests.wire import TOKEN, Exchange, WireServer, response


@pytest.mark.parametrize("cuts", [[0], [1], [100, 5000], [500_000, 0, 100_000]])
async def test_a_download_that_breaks_off_is_resumed(tmp_path: Path, cuts: list[int | None]) -> None:
    async with (
        WireServer(serve_ranges(cut_after=cuts)) as server,
        KauneongaClient(server.base_url, TOKEN, max_retries=9) as client,
    ):
        path = await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
        assert path.read_bytes() == AUDIO
        assert left_over(tmp_path) == ["36.mp3"]
        sent = [exchange.headers.get("range") for exchange in server.exchanges]
        assert len(sent) == 1 + len(cuts)
        if cuts[0] and cuts[0] > 1:
            assert sent[1] == f"bytes={cuts[0]}-"


async def test_a_download_is_resumed_by_the_next_one(tmp_path: Path) -> None:
    async with WireServer(serve_ranges(cut_after=[300_000])) as server:
        url = f"{server.origin}/a.wav?signature=SECRET"
        async with KauneongaClient(server.base_url, TOKEN, max_retries=0) as client:
            with pytest.raises(errors.ConnectionFailed):
                await client.call_recordings.download(recording(url), tmp_path)
        assert left_over(tmp_path) == ["36.wav.part", "36.wav.part.json"]
        assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())
        assert b"SECRET" not in (tmp_path / "36.wav.part.json").read_bytes()
        async with KauneongaClient(server.base_url, TOKEN) as client:
            path = await client.call_recordings.download(recording(url), tmp_path)
        assert path.read_bytes() == AUDIO
        assert [e.headers.get("range") for e in server.exchanges] == [None, "bytes=300000-"]


async def test_a_part_of_another_recording_is_not_gone_on_from(tmp_path: Path) -> None:
    others, path = b"ID3\x04" + AUDIO[:3:-1], tmp_path / "latest.mp3"
    async with (
        WireServer(serve_ranges(cut_after=[300_000]), serve_ranges(audio=others)) as server,
        KauneongaClient(server.base_url, TOKEN, max_retries=0) as client,
    ):
        with pytest.raises(errors.ConnectionFailed):
            await client.call_recordings.download(recording(f"{server.origin}/play?id=36", 36), path)
        await client.call_recordings.download(recording(f"{server.origin}/play?id=37", 37), path)
        assert [exchange.headers.get("range") for exchange in server.exchanges] == [None, None]
    assert path.read_bytes() == others
    assert left_over(tmp_path) == ["latest.mp3"]


async def test_a_part_that_an_earlier_release_left_is_begun_again(tmp_path: Path) -> None:
    async with WireServer(serve_ranges(cut_after=[300_000]), serve_ranges()) as server:
        async with KauneongaClient(server.base_url, TOKEN, max_retries=0) as client:
            audio = recording(f"{server.origin}/a.wav")
            with pytest.raises(errors.ConnectionFailed):
                await client.call_recordings.download(audio, tmp_path)
            sidecar = tmp_path / "36.wav.part.json"
            sidecar.write_bytes(sidecar.read_bytes().replace(b'"record_id":36,', b""))
            path = await client.call_recordings.download(audio, tmp_path)
    assert path.read_bytes() == AUDIO
    assert left_over(tmp_path) == ["36.wav"]


@pytest.mark.parametrize("torn", [slice(100_000, 100_512), slice(0, 300_000), slice(299_999, 300_000)])
async def test_a_part_that_a_power_cut_tore_is_not_gone_on_from(torn: slice, tmp_path: Path) -> None:
    async with WireServer(serve_ranges(cut_after=[300_000])) as server:
        async with KauneongaClient(server.base_url, TOKEN, max_retries=0) as client:
            with pytest.raises(errors.ConnectionFailed):
                await client.call_recordings.download(recording(f"{server.origin}/a.wav"), tmp_path)
        part = bytearray((tmp_path / "36.wav.part").read_bytes())
        part[torn] = bytes(len(part[torn]))  # as long as it was: pages that never reached the disk
        (tmp_path / "36.wav.part").write_bytes(part)
        async with KauneongaClient(server.base_url, TOKEN) as client:
            path = await client.call_recordings.download(recording(f"{server.origin}/a.wav"), tmp_path)
        assert path.read_bytes() == AUDIO
        assert left_over(tmp_path) == ["36.wav"]


async def the_second_download_is_refused_and_the_third_whole(server: WireServer, folder: Path) -> None:
    audio = recording(f"{server.origin}/a.wav")
    async with KauneongaClient(server.base_url, TOKEN, max_retries=0) as client:
        with pytest.raises(errors.ConnectionFailed):
            await client.call_recordings.download(audio, folder)
        with pytest.raises(errors.DestinationLocked, match="somebody else"):
            await client.call_recordings.download(audio, folder)
        path = await client.call_recordings.download(audio, folder)
    assert path.read_bytes() == AUDIO
    assert left_over(folder) == ["36.wav"]


async def test_a_part_that_somebody_else_finishes_meanwhile_is_not_filled_up_with_zeros(tmp_path: Path) -> None:
    serve, part = serve_ranges(cut_after=[300_000]), tmp_path / "36.wav.part"

    async def serve_late(exchange: Exchange) -> None:
        if "range" in exchange.headers:
            part.unlink(missing_ok=True)
        await serve(exchange)

    async with WireServer(serve_late) as server:
        await the_second_download_is_refused_and_the_third_whole(server, tmp_path)


async def test_a_part_that_somebody_else_begins_anew_meanwhile_is_not_gone_on_from(tmp_path: Path) -> None:
    serve = serve_ranges(cut_after=[300_000])

    async def serve_late(exchange: Exchange) -> None:
        if "range" in exchange.headers and len(server.exchanges) == 2:
            other = Target(tmp_path / "36.wav", 36, f"{server.origin}/a.wav")
            other.expect(0, None, '"v2"')
            other.append([AUDIO[:100_000], bytes(300_000)])
            other.leave()
        await serve(exchange)

    async with WireServer(serve_late) as server:
        await the_second_download_is_refused_and_the_third_whole(server, tmp_path)


async def test_a_part_of_another_version_is_begun_again(tmp_path: Path) -> None:
    async with WireServer(serve_ranges(cut_after=[300_000])) as server:
        async with KauneongaClient(server.base_url, TOKEN, max_retries=0) as client:
            with pytest.raises(errors.ConnectionFailed):
                await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
        changed = AUDIO[::-1].replace(b"\x03ID3"[::-1], b"") + b""
        changed = b"ID3\x04" + changed
        server.script = [serve_ranges(etag='"v2"', audio=changed)]
        async with KauneongaClient(server.base_url, TOKEN) as client:
            path = await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
        assert path.read_bytes() == changed


async def test_without_a_strong_validator_nothing_is_kept(tmp_path: Path) -> None:
    async with WireServer(serve_ranges(cut_after=[300_000], etag='W/"weak"')) as server:
        async with KauneongaClient(server.base_url, TOKEN) as client:
            path = await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
        assert path.read_bytes() == AUDIO
        assert [e.headers.get("range") for e in server.exchanges] == [None, None]


@pytest.mark.parametrize("etag", [b'"\xff"', b'"caf\xc3\xa9"', b'"a\tb"', b'"unfinished', b'"' + b"x" * 5000 + b'"'])
async def test_a_validator_that_could_not_be_sent_back_is_none(etag: bytes, tmp_path: Path) -> None:
    async def serve(exchange: Exchange) -> None:
        answer = response(200, AUDIO, content_type="audio/mpeg", etag="PLACE").replace(b"PLACE", etag)
        await exchange.send(answer[:-100] if len(server.exchanges) == 1 else answer)
        exchange.writer.close()

    async with WireServer(serve) as server, KauneongaClient(server.base_url, TOKEN) as client:
        path = await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
    assert path.read_bytes() == AUDIO
    assert [exchange.headers.get("range") for exchange in server.exchanges] == [None, None]


@pytest.mark.parametrize(
    ("changed", "sent", "is_strong"),
    [
        ("Fri, 21 Nov 2025 07:28:00 GMT", "Fri, 21 Nov 2025 07:28:01 GMT", True),
        ("Fri, 21 Nov 2025 07:28:00 GMT", "Fri, 21 Nov 2025 07:28:00 GMT", False),
        ("Fri, 21 Nov 2025 07:28:00 GMT", "", False),
        ("yesterday", "Fri, 21 Nov 2025 07:28:00 GMT", False),
    ],
)
async def test_a_time_of_change_joins_two_halves_if_it_was_over(
    changed: str, sent: str, is_strong: bool, tmp_path: Path
) -> None:
    async def serve(exchange: Exchange) -> None:
        answer = response(200, AUDIO, content_type="audio/mpeg", last_modified=changed, date=sent)
        await exchange.send(answer[:-100] if len(server.exchanges) == 1 else answer)
        exchange.writer.close()

    async with WireServer(serve) as server, KauneongaClient(server.base_url, TOKEN) as client:
        await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
    assert server.exchanges[1].headers.get("if-range") == (changed if is_strong else None)


async def test_a_range_that_was_not_asked_for_is_an_error(tmp_path: Path) -> None:
    answer = response(206, AUDIO[5:], content_range=f"bytes 5-{len(AUDIO) - 1}/{len(AUDIO)}")
    async with WireServer(answer) as server, KauneongaClient(server.base_url, TOKEN) as client:
        with pytest.raises(errors.DecodeError, match="not asked for"):
            await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
        assert left_over(tmp_path) == []


@pytest.mark.parametrize(("total", "tries"), [(300_000, 1), (len(AUDIO), 2), (None, 2)])
async def test_a_part_that_is_not_satisfiable(tmp_path: Path, total: int | None, tries: int) -> None:
    """It is complete only if it has exactly the size of the whole; else it is begun again."""
    async with WireServer(serve_ranges(cut_after=[300_000])) as server:
        async with KauneongaClient(server.base_url, TOKEN, max_retries=0) as client:
            with pytest.raises(errors.ConnectionFailed):
                await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
        extra: Any = {"content_range": f"bytes */{total}"} if total else {}
        server.exchanges.clear()
        server.script = [response(416, b"", **extra), serve_ranges()]
        async with KauneongaClient(server.base_url, TOKEN) as client:
            path = await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
        assert path.read_bytes() == (AUDIO[:300_000] if tries == 1 else AUDIO)
        assert len(server.exchanges) == tries


async def test_a_part_that_lacks_nothing_is_the_whole_also_if_that_is_said_with_a_206(tmp_path: Path) -> None:
    async with WireServer(serve_ranges(cut_after=[300_000])) as server:
        async with KauneongaClient(server.base_url, TOKEN, max_retries=0) as client:
            audio = recording(f"{server.origin}/a.mp3")
            with pytest.raises(errors.ConnectionFailed):
                await client.call_recordings.download(audio, tmp_path)
            server.script = [response(206, b"", etag='"v1"', content_range="bytes 300000-299999/300000")]
            path = await client.call_recordings.download(audio, tmp_path)
        assert path.read_bytes() == AUDIO[:300_000]


async def test_downloads_survive_the_sandbox_s_faults(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    listed = await client.call_recordings.list()
    sandbox.configure(faults=ScriptedFaults([Fault(cut_after=3000), Fault(status=503), Fault(reset=True)]))
    paths = [await client.call_recordings.download(r, tmp_path) for r in listed]
    assert [path.name for path in paths] == ["36.mp3", "37.mp3", "38.mp3"]


async def test_a_page_of_html_is_not_kept_as_the_beginning_of_audio(tmp_path: Path) -> None:
    page = b"<!DOCTYPE html><html>" + bytes(5000)
    arrived = asyncio.Event()

    async def stall(exchange: Exchange) -> None:
        await exchange.send(response(body=page, etag='"v1"')[:3000])
        arrived.set()
        await asyncio.sleep(3600)

    async with WireServer(stall) as server, KauneongaClient(server.base_url, TOKEN) as client:
        call = asyncio.create_task(client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path))
        await arrived.wait()
        call.cancel()
        with pytest.raises((asyncio.CancelledError, errors.DecodeError)):
            await call
        assert left_over(tmp_path) == []


async def test_a_download_that_is_cancelled_keeps_what_can_be_resumed(tmp_path: Path) -> None:
    async def stall(exchange: Exchange) -> None:
        answer = response(body=AUDIO, etag='"v1"')
        await exchange.send(answer[:800_000])
        await asyncio.sleep(3600)

    async with WireServer(stall) as server, KauneongaClient(server.base_url, TOKEN) as client:
        call = asyncio.create_task(client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path))
        await asyncio.sleep(0.2)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert left_over(tmp_path) == ["36.mp3.part", "36.mp3.part.json"]
        kept = (tmp_path / "36.mp3.part").stat().st_size
        assert 0 < kept < 800_000
        server.script = [serve_ranges()]
        path = await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
        assert path.read_bytes() == AUDIO
        assert server.exchanges[-1].headers.get("range") == f"bytes={kept}-"
