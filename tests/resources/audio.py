"""Audio to be downloaded: its recording, a server that knows ranges, and what is left in a folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from kauneonga_async import CallRecording
from tests.wire import Exchange, response

AUDIO = b"ID3\x03" + bytes(range(256)) * 4000


def recording(url: str | None, record_id: int = 36) -> CallRecording:
    return CallRecording(id=record_id, recording=url)


def serve_ranges(
    *, cut_after: list[int | None] | None = None, etag: str = '"v1"', audio: bytes = AUDIO
) -> Callable[[Exchange], Coroutine[Any, Any, None]]:
    """A server that knows ranges, and cuts the first answers after so many bytes."""
    cuts = list(cut_after or [])

    async def serve(exchange: Exchange) -> None:
        begin, status, extra = 0, 200, {}
        wanted = exchange.headers.get("range")
        if wanted and exchange.headers.get("if-range") == etag:
            begin, status = int(wanted.removeprefix("bytes=").rstrip("-")), 206
            extra = {"content_range": f"bytes {begin}-{len(audio) - 1}/{len(audio)}"}
        answer = response(status, audio[begin:], content_type="audio/mpeg", etag=etag, **extra)
        cut = cuts.pop(0) if cuts else None
        if cut is None:
            await exchange.send(answer)
            return
        head = answer.index(b"\r\n\r\n") + 4
        await exchange.send(answer[: head + cut])
        await asyncio.sleep(0.02)
        exchange.reset()

    return serve


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


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
