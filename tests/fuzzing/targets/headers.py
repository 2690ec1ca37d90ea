"""Headers: what an answer says of itself, and where it leads; and what a user's settings say."""

from __future__ import annotations

import contextlib
import math
import tempfile
from pathlib import Path

from yarl import URL

from kauneonga_async import config, errors
from kauneonga_async.downloads import audio
from kauneonga_async.downloads.piece import piece_of
from kauneonga_async.models import CallRecording
from kauneonga_async.transport.exchange import _redirect_of
from kauneonga_async.transport.responses import error_for, http_date, read_etag, retry_after
from kauneonga_async.transport.session import check_proxy
from tests.fuzzing.targets.target import Answer, Target, text_of

__all__ = ["HEADERS"]

_API = URL("https://acme.example.com/api/v2/messages")
_FOLDER = Path(tempfile.gettempdir())


def dates(data: bytes) -> None:
    first, _, second = text_of(data).partition("\n")
    seconds = retry_after({"Retry-After": first, "Date": second})
    assert seconds is None or (seconds >= 0 and math.isfinite(seconds))
    moment = http_date(first)
    assert moment is None or moment.utcoffset() is not None
    tag = read_etag({"ETag": first})
    assert tag is None or tag.encode("ascii")


def refusal(data: bytes) -> None:
    head, _, body = data.partition(b"\n")
    header = text_of(head)
    for status in (200, 302, 404, 422, 429, 503, 599):
        error = error_for(
            status,
            {"Location": header, "Retry-After": header},
            body,
            call="GET /v2/messages",
            method="GET",
            url=_API,
            request_id="r",
        )
        assert error.status == status
        assert "CANARY" not in str(error) or "CANARY" in header


def redirect(data: bytes) -> None:
    target = _redirect_of(Answer(302, Location=text_of(data)), _API)  # type: ignore[arg-type]
    assert target is None or target.origin() == _API.origin()


def audio_url(data: bytes) -> None:
    text = text_of(data)
    for base in (None, URL("https://audio.example/x/1.mp3")):
        url = audio.parse_url(text, base)
        if url is not None:
            assert url.scheme in ("http", "https")
            assert url.host
            path = audio.destination(7, _FOLDER, url)
            assert (path.parent, path.stem) == (_FOLDER, "7")
            assert "?" not in audio.bare(url)
    with contextlib.suppress(ValueError):
        audio.audio_url(CallRecording(id=7, recording=text))


def audio_headers(data: bytes) -> None:
    text = text_of(data)
    for name, digest in audio.digests_of({"Repr-Digest": text, "Digest": text, "Content-MD5": text}, whole=True):
        assert name in ("sha256", "md5")
        assert isinstance(digest, bytes)
    for answer in (Answer(ETag=text), Answer(Last_Modified=text, Date="Fri, 31 Dec 9999 23:59:59 GMT")):
        validator = audio.validator_of(answer)  # type: ignore[arg-type]
        assert validator is None or (validator.encode("ascii") and not validator.startswith("W/"))
    with contextlib.suppress(errors.DecodeError):
        audio.check_magic(data, Answer())  # type: ignore[arg-type]
    for status in (206, 416):
        with contextlib.suppress(errors.DecodeError, errors.ConnectionFailed):
            found = piece_of(Answer(status, Content_Range=text), 5, None)  # type: ignore[arg-type]
            assert found.begin == 5 <= (found.end or 0) <= (found.size or 0)


def settings(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    with contextlib.suppress(errors.ConfigurationError):
        url = config.resolve_base_url(text, allow_http=False)
        assert url.scheme == "https" or config.is_loopback(url.host or "")
        assert url.user is None
    with contextlib.suppress(errors.ConfigurationError):
        check_proxy(text)
    with contextlib.suppress(errors.ConfigurationError):
        assert config.resolve_token(text).isprintable()
    with contextlib.suppress(ValueError):
        config.check_extra_headers({"x": text, text: "x"})


_AUDIO = b"https://audio.example/recordings/36.mp3?Signature=abc%20d&Expires=1"

HEADERS = {
    "dates": Target(
        dates, [b"120", b"Fri, 21 Nov 2025 07:28:00 GMT\nFri, 21 Nov 2025 07:27:00 GMT", b"21 Nov 25 07:28 +0100\n"]
    ),
    "refusal": Target(
        refusal, [b'/x\n{"success":false,"info":"CANARY token","data":{}}', b"https://x.example/\n<html>"]
    ),
    "redirect": Target(redirect, [b"/api/v2/x", b"https://acme.example.com/y", b"//other.example", b"?x=1#y", _AUDIO]),
    "audio_url": Target(audio_url, [_AUDIO, b"http://[::1]:80/x.wav", b"../1.mp3", b"file:///etc/passwd"]),
    "audio_headers": Target(
        audio_headers,
        [
            b"sha-256=:" + b"A" * 43 + b"=:",
            b'"strong"',
            b'W/"weak"',
            b"Fri, 21 Nov 2025 07:28:00 GMT",
            b"bytes 5-9/10",
            b"bytes */5",
            b"ID3",
            b"\xff\xfb",
        ],
    ),
    "settings": Target(
        settings, [b"https://acme.example.com/api", b"http://localhost:80/v2/", b"token", b"http://[::1]/"]
    ),
}
