"""Audio: where a recording's is, what its file is called, and whether what came is it. Pure."""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import format_datetime
from pathlib import Path

from yarl import URL

from kauneonga_async.config import read_url
from kauneonga_async.errors import DecodeError
from kauneonga_async.models import CallRecording
from kauneonga_async.transport import Answer, http_date, read_etag

__all__ = ["audio_url", "bare", "check_magic", "destination", "digests_of", "file_name", "parse_url", "validator_of"]

ENDINGS = frozenset({"mp3", "wav", "ogg", "oga", "opus", "m4a", "aac", "flac", "amr", "gsm", "wma", "webm"})

# What audio files begin with; the two bytes of an MPEG frame have eleven bits set.
_MAGIC = (b"ID3", b"RIFF", b"OggS", b"fLaC", b"#!AMR", b"\x1aE\xdf\xa3", b"0&\xb2u")

# What pages and messages begin with, and what they are called.
_TEXT = re.compile(rb"(?:\xef\xbb\xbf)?\s*[<{\[]")
_TEXT_TYPE = re.compile(r"text/|application/(?:[\w.-]+\+)?(?:json|xml|xhtml)", re.IGNORECASE)


def audio_url(recording: CallRecording) -> URL:
    """Return where a recording's audio is.

    Raises:
        TypeError: It is no CallRecording.
        ValueError: It has no URL, or one that is not http or https.
    """
    if not isinstance(recording, CallRecording):
        raise TypeError(f"recording: a CallRecording is needed, not {type(recording).__name__}")
    if not recording.recording:
        raise ValueError(f"recording: {recording.id} has no audio")
    url = parse_url(recording.recording)
    if url is None:
        raise ValueError(f"recording: the audio of {recording.id} is not at an http or https URL with a host")
    return url


def destination(record_id: int, path: Path, url: URL) -> Path:
    """Return the file that a recording's audio becomes: in a folder that exists, its own name; else the path itself."""
    return path / file_name(record_id, url) if path.is_dir() else path


def file_name(record_id: int, url: URL) -> str:
    """Return what the audio's file is called: its id, and nothing that the server chose but one of a few endings."""
    ending = url.path.rpartition(".")[2].lower()
    return f"{record_id}.{ending if ending in ENDINGS else 'mp3'}"


def parse_url(text: str, base: URL | None = None) -> URL | None:
    """Return an http or https URL with a host and without a password; None for any other text."""
    try:
        url = read_url(text, base)
    except ValueError:
        return None
    return url if url.scheme in ("http", "https") and url.host and url.user is None else None


def bare(url: URL) -> str:
    """Return a URL without its query, which may be a signature."""
    return str(url.with_query(None).with_fragment(None))


def validator_of(answer: Answer) -> str | None:
    """Return what tells this version of the audio from any other: only a strong one may join two halves.

    A time of change is one if it was over when the answer was sent (RFC 9110, 8.8.2.2): within the same second there
    may be another.
    """
    if "ETag" in answer.headers:
        tag = read_etag(answer.headers)
        return tag if tag is not None and tag.startswith('"') else None
    changed = answer.headers.get("Last-Modified", "")
    moment, sent = http_date(changed), http_date(answer.headers.get("Date", ""))
    if moment is None or moment.tzinfo is not UTC or sent is None or moment >= sent:
        return None
    # As HTTP writes it (RFC 9110, 5.6.7), and no other text that holds a date: it is sent back.
    return changed if format_datetime(moment, usegmt=True) == changed else None


def check_magic(head: bytes, answer: Answer) -> None:
    """Make sure that a body is no page or message in place of audio.

    One of a kind that is not known is believed to be audio: not all kinds begin with something of their own.

    Raises:
        DecodeError: It is one, or is empty.
    """
    if not head:
        raise DecodeError(f"{answer}: the audio is empty")
    is_mpeg_frame = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0  # noqa: PLR2004 - eleven bits set, ISO/IEC 11172-3
    if is_mpeg_frame or head.startswith(_MAGIC) or head[4:8] == b"ftyp":
        return
    if _TEXT.match(head) or _TEXT_TYPE.match(answer.headers.get("Content-Type", "")):
        raise DecodeError(f"{answer}: what came is text, and no audio")


def digests_of(headers: Mapping[str, str], *, whole: bool) -> list[tuple[str, bytes]]:
    """Return the digests that headers offer, each with its algorithm (RFC 9530; Content-MD5 of RFC 1864)."""
    found: list[tuple[str, str]] = []
    for name in ("Repr-Digest", "Digest"):
        match = re.search(r"sha-256=:?([A-Za-z0-9+/]{43}=)", headers.get(name, ""), re.IGNORECASE)
        if match:
            found.append(("sha256", match.group(1)))
    if whole and "Content-MD5" in headers:
        found.append(("md5", headers["Content-MD5"]))
    digests: list[tuple[str, bytes]] = []
    for name, text in found:
        with contextlib.suppress(binascii.Error, ValueError):
            digests.append((name, base64.b64decode(text, validate=True)))
    return digests
