"""Entries: what the journal of an export of recordings says of each, and what its manifest tells its users. Pure."""

from __future__ import annotations

from typing import Literal

import msgspec

from kauneonga_async.downloads import Verified

__all__ = ["Audio", "ManifestLine", "Status"]

Status = Literal["done", "expired", "missing", "failed", "no audio"]


class Audio(msgspec.Struct, frozen=True, tag="audio", omit_defaults=True):
    """What became of a recording's audio.

    Attributes:
        id: The recording's.
        status: Whether its file is there; if not, why: its URL was refused (``expired``: 401, 403 or 410, also when the
            recordings were listed once more, if it still was), there is nothing at it (``missing``: 404), it could not
            be had (``failed``), or the recording has none (``no audio``).
        file: The file's name.
        bytes: The file's size.
        sha256: The digest of its bytes, in hexadecimal.
        verified: What it was checked by.
        error: What went wrong.
        mark: What the file's stamp said when it was written, or its bytes were last found to be those.
    """

    id: int
    status: Status
    file: str | None = None
    bytes: int = 0
    sha256: str = ""
    verified: Verified = "nothing"
    error: str = ""
    mark: str = ""


class ManifestLine(msgspec.Struct, frozen=True):
    """A line of ``recordings.jsonl``: a file, and the recording with its call detail record as the server lists it.

    Attributes:
        id: The recording's.
        status: See Audio, as for what follows.
        file: The file's name, or None.
        bytes: Its size.
        sha256: Its digest.
        verified: What it was checked by.
        error: What went wrong.
        recording: The server's own bytes; null if it is not listed any more, and the manifest before has none.
    """

    id: int
    status: Status
    file: str | None
    bytes: int
    sha256: str
    verified: Verified
    error: str
    recording: msgspec.Raw = msgspec.Raw(b"null")
