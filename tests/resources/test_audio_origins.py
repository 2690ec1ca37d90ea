"""``client.call_recordings.download``: where audio may come from, and who gets the token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from kauneonga_async import KauneongaClient, errors
from tests.resources.audio import AUDIO, recording
from tests.wire import TOKEN, WireServer, response


async def test_the_token_goes_to_the_api_s_own_origin_alone(tmp_path: Path) -> None:
    async with WireServer(response(body=AUDIO)) as elsewhere, WireServer(response(body=AUDIO)) as server:
        async with KauneongaClient(server.base_url, TOKEN, extra_headers={"X-Team": "SECRET"}) as client:
            await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
            await client.call_recordings.download(recording(f"{elsewhere.origin}/a.mp3", 37), tmp_path)
    assert server.exchanges[0].headers["authorization"] == f"Bearer {TOKEN}"
    head = elsewhere.exchanges[0].head
    assert TOKEN not in head
    assert "SECRET" not in head
    assert "cookie" not in head.lower()


async def test_a_refusal_elsewhere_is_not_one_of_the_token(tmp_path: Path) -> None:
    async with WireServer(response(401, b"")) as elsewhere, WireServer() as server:
        async with KauneongaClient(server.base_url, TOKEN) as client:
            with pytest.raises(errors.StatusError, match="no token goes to this host") as caught:
                await client.call_recordings.download(recording(f"{elsewhere.origin}/a.mp3"), tmp_path)
    assert not isinstance(caught.value, errors.AuthenticationError)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed_without_the_token(tmp_path: Path, status: int) -> None:
    async with WireServer(response(body=AUDIO)) as elsewhere:
        redirect = response(status, location=f"{elsewhere.origin}/audio.mp3")
        async with (
            WireServer(redirect) as server,
            KauneongaClient(server.base_url, TOKEN) as client,
        ):
            path = await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
            assert path.read_bytes() == AUDIO
    assert TOKEN not in elsewhere.exchanges[0].head


async def test_a_redirect_to_a_private_address_is_refused(tmp_path: Path) -> None:
    for target in ("http://169.254.169.254/latest/meta-data", "http://10.0.0.7/x", "http://[fd00::1]/x", "http://0/"):
        async with (
            WireServer(response(302, location=target)) as server,
            KauneongaClient(server.base_url, TOKEN) as client,
        ):
            with pytest.raises(errors.ConnectionFailed) as caught:
                await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
            assert caught.value.permanent


async def test_a_loop_of_redirects_ends(tmp_path: Path) -> None:
    async with (
        WireServer(response(302, location="/again")) as server,
        KauneongaClient(server.base_url, TOKEN) as client,
    ):
        with pytest.raises(errors.StatusError, match="redirects"):
            await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
        assert len(server.exchanges) == 6


async def test_a_redirect_to_what_is_no_url_is_refused(tmp_path: Path) -> None:
    for target in ("file:///etc/passwd", "gopher://x/", "", "http://"):
        async with (
            WireServer(response(302, location=target or "  ")) as server,
            KauneongaClient(server.base_url, TOKEN) as client,
        ):
            with pytest.raises(errors.StatusError):
                await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/a.mp3",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://10.0.0.7/a.mp3",
        "http://localhost:1/a.mp3",
        "http://rebinding.example/a.mp3",
    ],
)
async def test_a_private_address_is_never_connected_to(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By literal address, by a name that leads there, and by one that changes between two looks."""

    async def resolve(self: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 6, "flags": 0}]

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", resolve)
    connected: list[object] = []

    def connect(*arguments: object) -> None:
        connected.append(arguments)
        raise AssertionError

    monkeypatch.setattr("asyncio.selector_events.BaseSelectorEventLoop.sock_connect", connect)
    async with KauneongaClient("https://api.example", TOKEN) as client:
        with pytest.raises(errors.ConnectionFailed, match="private") as caught:
            await client.call_recordings.download(recording(url), tmp_path)
    assert caught.value.permanent
    assert connected == []


@pytest.mark.parametrize(
    "url", [None, "", "file:///etc/passwd", "ftp://x/y.mp3", "http://", "javascript:1", "not a url"]
)
async def test_a_recording_without_a_url_that_can_be_followed(
    client: KauneongaClient, tmp_path: Path, url: Any
) -> None:
    with pytest.raises(ValueError, match="36"):
        await client.call_recordings.download(recording(url), tmp_path)


async def test_a_url_s_secrets_are_in_no_error(tmp_path: Path) -> None:
    async with WireServer(response(403)) as elsewhere:
        async with KauneongaClient("https://api.example", TOKEN, allow_private_recordings=True) as client:
            with pytest.raises(errors.PermissionDenied) as caught:
                await client.call_recordings.download(
                    recording(f"{elsewhere.origin}/SECRET/a.mp3?X-Signature=SECRET"), tmp_path
                )
    assert "SECRET" not in f"{caught.value} {caught.value!r} {caught.value.url}"
