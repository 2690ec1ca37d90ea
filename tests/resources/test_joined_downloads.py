"""``client.call_recordings.download``: whatever a server answers a range with, only what belongs together is joined."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kauneonga_async import KauneongaClient, errors
from kauneonga_async.downloads import sidecar
from kauneonga_async.files import AtomicFile
from tests.resources.audio import AUDIO, left_over, recording, serve_pieces, serve_ranges
from tests.wire import TOKEN, Exchange, WireServer, response


@pytest.mark.parametrize("max_retries", [1, 4])
@pytest.mark.parametrize("closing", [False, True])
async def test_what_a_part_of_the_audio_lacks_is_asked_for(max_retries: int, closing: bool, tmp_path: Path) -> None:
    async with (
        WireServer(serve_pieces(100_000, closing=closing)) as server,
        KauneongaClient(server.base_url, TOKEN, max_retries=max_retries) as client,
    ):
        path = await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
    assert path.read_bytes() == AUDIO
    assert left_over(tmp_path) == ["36.mp3"]
    assert len(server.exchanges) == 1 + (len(AUDIO) - 300_000) // 100_000 + 1


async def test_a_server_that_gives_less_than_was_asked_for_needs_no_retries(tmp_path: Path) -> None:
    async with WireServer(serve_pieces(100_000)) as server:
        async with KauneongaClient(server.base_url, TOKEN, max_retries=0) as client:
            audio = recording(f"{server.origin}/a.mp3")
            with pytest.raises(errors.ConnectionFailed):
                await client.call_recordings.download(audio, tmp_path)
            path = await client.call_recordings.download(audio, tmp_path)
        assert path.read_bytes() == AUDIO


@pytest.mark.parametrize("closing", [False, True])
async def test_a_server_that_gives_next_to_nothing_is_not_asked_for_ever(closing: bool, tmp_path: Path) -> None:
    async with WireServer(serve_pieces(10, closing=closing)) as server:
        async with KauneongaClient(server.base_url, TOKEN) as client:
            with pytest.raises(errors.ConnectionFailed):
                await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
            asked = len(server.exchanges)
            assert asked < 8
            server.script = [serve_ranges()]
            path = await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
        assert path.read_bytes() == AUDIO
        resumed = server.exchanges[asked].headers.get("range", "bytes=0-")
        assert int(resumed.removeprefix("bytes=").rstrip("-")) > 299_000
        assert len(server.exchanges) == asked + 1


CHANGED = b"ID3\x04" + AUDIO[:3:-1]
EARLIER, LATER = "Fri, 21 Nov 2025 07:28:00 GMT", "Sat, 22 Nov 2025 07:28:00 GMT"


@pytest.mark.parametrize("status", [206, 416])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"etag": '"v1"'}, {"etag": '"v2"'}),
        ({"etag": '"v1"'}, {"etag": 'W/"v1"'}),
        ({"last_modified": EARLIER}, {"last_modified": LATER}),
    ],
)
async def test_a_part_of_another_version_is_not_joined_to_it_though_the_server_knows_no_if_range(
    before: dict[str, Any], after: dict[str, Any], status: int, tmp_path: Path
) -> None:
    async def serve(exchange: Exchange) -> None:
        wanted = exchange.headers.get("range")
        if len(server.exchanges) == 1:
            await exchange.send(response(body=AUDIO, date="Sun, 23 Nov 2025 07:28:00 GMT", **before)[:300_000])
            exchange.writer.close()
        elif wanted is None:
            await exchange.send(response(body=CHANGED, **after))
        else:
            begin = int(wanted.removeprefix("bytes=").rstrip("-"))
            place = f"{begin}-{len(AUDIO) - 1}/{len(AUDIO)}" if status == 206 else f"*/{begin}"
            body = CHANGED[begin:] if status == 206 else b""
            await exchange.send(response(status, body, content_range=f"bytes {place}", **after))

    async with WireServer(serve) as server, KauneongaClient(server.base_url, TOKEN) as client:
        path = await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
    assert path.read_bytes() == CHANGED
    assert left_over(tmp_path) == ["36.mp3"]
    assert ["range" in exchange.headers for exchange in server.exchanges] == [False, True, False]


@pytest.mark.parametrize(
    ("place", "extra", "error"),
    [
        ("bytes 299000-1023999/1024004", {}, errors.DecodeError),
        ("bytes 300000-1024003/1024003", {}, errors.DecodeError),
        ("bytes 300000-299999/1024004", {}, errors.DecodeError),
        ("bytes 300000-1024003/1024004", {"content_length": str(len(AUDIO))}, errors.DecodeError),
        ("bytes 300000-1024003/*", {}, errors.ConnectionFailed),
        ("bytes 300000-300004/1024004", {"content_length": "", "connection": "close"}, errors.ConnectionFailed),
        ("bytes */300001", {"status": 416}, errors.ConnectionFailed),
    ],
)
async def test_a_part_that_cannot_be_joined_is_refused_and_the_next_download_begins_anew(
    place: str, extra: dict[str, Any], error: type[errors.KauneongaError], tmp_path: Path
) -> None:
    def answer(status: int = 206, **headers: str) -> bytes:
        return response(status, AUDIO[300_000:], etag='"v1"', content_range=place, **headers)

    async def refuse(exchange: Exchange) -> None:
        await exchange.send(answer(**extra))
        exchange.writer.close()

    async with WireServer(serve_ranges(cut_after=[300_000]), refuse, serve_ranges()) as server:
        async with KauneongaClient(server.base_url, TOKEN, max_retries=0) as client:
            audio = recording(f"{server.origin}/a.mp3")
            with pytest.raises(errors.ConnectionFailed):
                await client.call_recordings.download(audio, tmp_path)
            with pytest.raises(error):
                await client.call_recordings.download(audio, tmp_path)
            assert (tmp_path / "36.mp3").exists() is False
            path = await client.call_recordings.download(audio, tmp_path)
        assert path.read_bytes() == AUDIO
        assert left_over(tmp_path) == ["36.mp3"]
        assert [exchange.headers.get("range") for exchange in server.exchanges] == [None, "bytes=300000-", None]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of what was read from parts to be proven."""
    sizes: list[int] = []

    def count(data: bytes) -> int:
        sizes.append(len(data))
        return crc32(data)

    monkeypatch.setattr(sidecar, "crc32", count)
    return sizes


async def test_what_comes_in_many_pieces_is_read_again_but_once(tmp_path: Path, counted: list[int]) -> None:
    async with WireServer(serve_pieces(65_536)) as server, KauneongaClient(server.base_url, TOKEN) as client:
        path = await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
    assert path.read_bytes() == AUDIO
    assert len(server.exchanges) == 13
    assert sum(counted) <= len(AUDIO) + 300_000  # each byte as it comes, and once what the first answer brought


def is_unlocked(part: Path) -> bool:
    """Whether nobody holds a part; it stays as it is."""
    AtomicFile(part.with_suffix(""), part=part, keep=part.stat().st_size).close()
    return True


@pytest.mark.parametrize(
    ("ending", "error", "is_kept"),
    [
        (response(404), errors.NotFound, True),
        (response(500), errors.ServerError, True),
        (response(200, AUDIO, etag='"v2"')[:200_000], errors.ConnectionFailed, True),
        (response(302, location="ftp://elsewhere.example"), errors.StatusError, True),
        (response(416, etag='"v1"', content_range="bytes */9"), errors.ConnectionFailed, False),
        (response(206, b"", etag='"v2"', content_range="bytes 400000-400000/9"), errors.ConnectionFailed, False),
        (None, asyncio.CancelledError, True),
    ],
)
async def test_whatever_ends_a_download_between_two_pieces_its_part_is_let_go_of(
    ending: bytes | None, error: type[BaseException], is_kept: bool, tmp_path: Path
) -> None:
    pieces = serve_pieces(100_000)

    async def serve(exchange: Exchange) -> None:
        if len(server.exchanges) < 3:
            await pieces(exchange)
        elif ending is not None:
            await exchange.send(ending)
            exchange.writer.close()
        else:
            task.cancel()
            await asyncio.sleep(0)

    async with WireServer(serve) as server:
        async with KauneongaClient(server.base_url, TOKEN, max_retries=0) as client:
            audio = recording(f"{server.origin}/a.mp3")
            with pytest.raises(errors.ConnectionFailed):
                await client.call_recordings.download(audio, tmp_path)
            task = asyncio.ensure_future(client.call_recordings.download(audio, tmp_path))
            with pytest.raises(error):
                await task
            part = tmp_path / "36.mp3.part"
            assert part.exists() is is_kept
            assert not is_kept or is_unlocked(part)
            wanted = f"bytes={part.stat().st_size}-" if is_kept else None
            server.script = [serve_ranges()]
            path = await client.call_recordings.download(audio, tmp_path)
        assert path.read_bytes() == AUDIO
        assert left_over(tmp_path) == ["36.mp3"]
        assert server.exchanges[-1].headers.get("range") == wanted


@settings(max_examples=20, deadline=None)
@given(steps=st.lists(st.sampled_from(["piece", "cut", "new", "gone"]), max_size=10))
def test_whatever_pieces_and_versions_come_the_audio_is_one_of_them(steps: list[str]) -> None:
    versions = [AUDIO, CHANGED]

    async def serve(exchange: Exchange) -> None:
        step = left.pop() if left else "rest"
        if step == "new":
            versions.reverse()
        audio, etag = versions[0], '"v1"' if versions[0] is AUDIO else '"v2"'
        wanted = exchange.headers.get("range")
        if step == "gone":
            await exchange.send(response(503, retry_after="0"))
        elif wanted is None or exchange.headers["if-range"] != etag:
            await exchange.send(response(body=audio, etag=etag)[: 300_000 if step != "rest" else None])
            exchange.writer.close()
        else:
            begin = int(wanted.removeprefix("bytes=").rstrip("-"))
            end = min(len(audio), begin + 100_000) if step != "rest" else len(audio)
            place = f"bytes {begin}-{end - 1}/{len(audio)}"
            answer = response(206, audio[begin:end], etag=etag, content_range=place)
            await exchange.send(answer[:-30_000] if step == "cut" else answer)
            exchange.writer.close()

    left = list(steps)

    async def download() -> None:
        async with WireServer(serve) as server, KauneongaClient(server.base_url, TOKEN, max_retries=0) as client:
            with TemporaryDirectory() as name:
                folder, done = Path(name), False
                for _ in range(2 * len(steps) + 2):
                    with contextlib.suppress(errors.KauneongaError):
                        await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), folder)
                        done = True
                        break
                assert done
                assert (folder / "36.mp3").read_bytes() == versions[0]
                assert left_over(folder) == ["36.mp3"]

    asyncio.run(download())
