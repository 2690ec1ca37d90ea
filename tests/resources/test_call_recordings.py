"""``client.call_recordings``: listed, and downloaded whole, resumed, and from nowhere they should not be."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from kauneonga_async import CallRecording, KauneongaClient, errors
from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults
from tests.wire import TOKEN, Exchange, WireServer, response

Run = Callable[[Coroutine[Any, Any, Any]], Any]

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


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


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


async def test_a_part_that_somebody_else_finishes_meanwhile_is_not_filled_up_with_zeros(tmp_path: Path) -> None:
    serve, part = serve_ranges(cut_after=[300_000]), tmp_path / "36.wav.part"

    async def serve_late(exchange: Exchange) -> None:
        if "range" in exchange.headers:
            part.unlink(missing_ok=True)
        await serve(exchange)

    async with WireServer(serve_late) as server:
        audio = recording(f"{server.origin}/a.wav")
        async with KauneongaClient(server.base_url, TOKEN, max_retries=0) as client:
            with pytest.raises(errors.ConnectionFailed):
                await client.call_recordings.download(audio, tmp_path)
            with pytest.raises(errors.DestinationLocked, match="somebody else"):
                await client.call_recordings.download(audio, tmp_path)
            path = await client.call_recordings.download(audio, tmp_path)
        assert path.read_bytes() == AUDIO
        assert left_over(tmp_path) == ["36.wav"]


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


# Where audio may come from, and who gets the token.


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


async def test_what_is_no_recording_is_refused(client: KauneongaClient, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"recording.*int"):
        await client.call_recordings.download(36, tmp_path)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"path.*int"):
        await client.call_recordings.download(recording("https://a.example/a.mp3"), 7)  # type: ignore[arg-type]


async def test_a_url_s_secrets_are_in_no_error(tmp_path: Path) -> None:
    async with WireServer(response(403)) as elsewhere:
        async with KauneongaClient("https://api.example", TOKEN, allow_private_recordings=True) as client:
            with pytest.raises(errors.PermissionDenied) as caught:
                await client.call_recordings.download(
                    recording(f"{elsewhere.origin}/SECRET/a.mp3?X-Signature=SECRET"), tmp_path
                )
    assert "SECRET" not in f"{caught.value} {caught.value!r} {caught.value.url}"


async def test_downloads_survive_the_sandbox_s_faults(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    listed = await client.call_recordings.list()
    sandbox.configure(faults=ScriptedFaults([Fault(cut_after=3000), Fault(status=503), Fault(reset=True)]))
    paths = [await client.call_recordings.download(r, tmp_path) for r in listed]
    assert [path.name for path in paths] == ["36.mp3", "37.mp3", "38.mp3"]


def test_a_stall_meets_the_timeout(tmp_path: Path, run_jumping: Run) -> None:
    async def stall(exchange: Exchange) -> None:
        await exchange.send(response(body=AUDIO)[:5000])
        await asyncio.sleep(3600)

    async def main() -> None:
        async with WireServer(stall) as server, KauneongaClient(server.base_url, TOKEN, timeout=5) as client:
            with pytest.raises(errors.RequestTimeout):
                await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path, max_retries=0)

    run_jumping(main())


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
        assert "36.mp3" not in left_over(tmp_path)
        server.script = [serve_ranges()]
        path = await client.call_recordings.download(recording(f"{server.origin}/a.mp3"), tmp_path)
        assert path.read_bytes() == AUDIO
