"""The sandbox's audio: files that players know, and parts of them by range (RFC 9110, 14)."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from kauneonga_async.sandbox import Sandbox
from kauneonga_async.sandbox.audio import mp3


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(sandbox.origin) as session:
        yield session


def test_audio_is_an_mp3_that_tools_know(tmp_path: Path) -> None:
    content = mp3("Recording 36", 3)
    assert content.startswith(b"ID3")
    assert 3 * 3900 < len(content) < 3 * 4200
    tool = shutil.which("file")
    if tool:
        (tmp_path / "a.mp3").write_bytes(content)
        said = subprocess.run([tool, "-b", tmp_path / "a.mp3"], capture_output=True, text=True, check=True).stdout
        assert "layer III" in said
        assert "32 kbps, 44.1 kHz, Monaural" in said


@pytest.mark.parametrize(
    ("wanted", "begin", "end"),
    [
        ("bytes=10-20", 10, 21),
        ("bytes=10-", 10, None),
        ("bytes=0-0", 0, 1),
        ("bytes=10-99999999", 10, None),
        ("bytes=-500", -500, None),
        ("bytes=-99999999", 0, None),
    ],
)
async def test_a_range_of_audio_is_what_was_asked_for(
    http: aiohttp.ClientSession, wanted: str, begin: int, end: int | None
) -> None:
    async with http.get("/audio/36.mp3") as answer:
        whole = await answer.read()
    async with http.get("/audio/36.mp3", headers={"Range": wanted}) as answer:
        assert answer.status == 206
        assert await answer.read() == whole[begin:end]
        first, last, _ = slice(begin, end).indices(len(whole))
        assert answer.headers["Content-Range"] == f"bytes {first}-{last - 1}/{len(whole)}"


@pytest.mark.parametrize("wanted", ["bytes=20-10", "bytes=1-2,4-5", "lines=1-2", "bytes=-"])
async def test_a_range_of_audio_that_is_not_understood_is_passed_over(http: aiohttp.ClientSession, wanted: str) -> None:
    async with http.get("/audio/36.mp3", headers={"Range": wanted}) as answer:
        assert answer.status == 200
        assert "Content-Range" not in answer.headers


async def test_a_range_beyond_the_audio_is_told_how_long_it_is(http: aiohttp.ClientSession) -> None:
    async with http.get("/audio/36.mp3", headers={"Range": "bytes=99999999-"}) as answer:
        assert answer.status == 416
        assert answer.headers["Content-Range"].startswith("bytes */")
