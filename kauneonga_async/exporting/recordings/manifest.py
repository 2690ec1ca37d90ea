"""Manifest: ``recordings.jsonl``, which ties each file to its recording and call detail record; whole, or not there."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kauneonga_async.exporting.destinations import Destination, PartFile
from kauneonga_async.exporting.recordings.entries import Audio, ManifestLine

__all__ = ["MANIFEST", "Manifest"]

MANIFEST = "recordings.jsonl"

_UNKNOWN = msgspec.Raw(b"null")  # of a recording that stands neither in the list nor in the manifest before


class Manifest:
    """A manifest that is being written. Blocking: to be called in threads, by one at a time.

    Args:
        destination: Where it goes.
    """

    def __init__(self, destination: Destination) -> None:
        self._destination = destination
        self._file: PartFile | None = None
        self._ids: set[int] = set()

    def begin(self) -> None:
        """Begin it aside. In a call of its own, so that it is discarded though nobody waits for that any more."""
        self._file = self._destination.create(MANIFEST)

    def write(self, entries: Iterable[tuple[Audio, msgspec.Raw]]) -> None:
        """Write lines, one for each recording."""
        lines = bytearray()
        for audio, recording in entries:
            self._ids.add(audio.id)
            lines += _line(audio, recording)
        assert self._file is not None
        self._file.write(bytes(lines))

    def finish(self, audio: Iterable[Audio]) -> None:
        """Add the lines of those recordings that the server does not list any more, and let the manifest appear."""
        gone = [entry for entry in audio if entry.id not in self._ids]
        if gone:
            before = _recordings_in(self._destination, {entry.id for entry in gone})
            self.write((entry, before.get(entry.id, _UNKNOWN)) for entry in gone)
        assert self._file is not None
        self._file.commit()

    def discard(self) -> None:
        """Leave the one before in its place."""
        if self._file is not None:
            self._file.discard()


def _line(audio: Audio, recording: msgspec.Raw) -> bytes:
    line = ManifestLine(
        id=audio.id,
        status=audio.status,
        file=audio.file,
        bytes=audio.bytes,
        sha256=audio.sha256,
        verified=audio.verified,
        error=audio.error,
        recording=recording,
    )
    return msgspec.json.encode(line) + b"\n"


def _recordings_in(destination: Destination, ids: set[int]) -> dict[int, msgspec.Raw]:
    """Return what the manifest before says of recordings."""
    decoder = msgspec.json.Decoder(ManifestLine)
    found: dict[int, msgspec.Raw] = {}
    try:
        with destination.open(MANIFEST) as file:
            for line in map(decoder.decode, file):
                if line.id in ids:
                    found[line.id] = line.recording.copy()
    except (FileNotFoundError, msgspec.DecodeError):
        pass
    return found
