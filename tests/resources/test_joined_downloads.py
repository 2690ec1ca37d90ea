"""``client.call_recordings.download``: whatever a server answers a range with, only what belongs together is joined."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from kauneonga_async import KauneongaClient, errors
from tests.resources.audio import AUDIO, left_over, recording, serve_ranges
from tests.wire import TOKEN, Exchange, WireServer, response


def serve_pieces(size: int, *, closing: bool = False) -> Callable[[Exchange], Coroutine[Any, Any, None]]:
    """A server whose first answer breaks off, and which then gives no more than so many bytes at a time."""

    async def serve(exchange: Exchange) -> None:
        wanted = exchange.headers.get("range")
        if wanted is None:
            await exchange.send(response(body=AUDIO, etag='"v1"')[:300_000])
            exchange.writer.close()
            return
        begin = int(wanted.removeprefix("bytes=").rstrip("-"))
        piece = AUDIO[begin : begin + size]
        last = len(AUDIO) if closing else begin + len(piece)
        extra = {"content_length": "", "connection": "close"} if closing else {}
        place = f"bytes {begin}-{last - 1}/{len(AUDIO)}"
        await exchange.send(response(206, piece, etag='"v1"', content_range=place, **extra))
        if closing:
            exchange.writer.close()

    return serve


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
