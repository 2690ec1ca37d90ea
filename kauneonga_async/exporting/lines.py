"""Lines: how a journal's entries are written and read back, whatever they say. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar
from zlib import crc32

import msgspec

from kauneonga_async.decoding import UNREADABLE
from kauneonga_async.errors import ConfigurationError

__all__ = ["VERSION", "read_lines", "unknown_journal", "write_line"]

EntryT = TypeVar("EntryT")

VERSION = 1
_CHECK = 9  # bytes: eight digits and a space


class _Version(msgspec.Struct):
    version: int = VERSION


def write_line(entry: msgspec.Struct) -> bytes:
    """Return an entry as a line, with a checksum: a disk that loses power may keep a line's length and not its text."""
    text = msgspec.json.encode(entry)
    return b"%08x %b" % (crc32(text), text)


def read_lines(lines: Iterable[bytes], decoder: msgspec.json.Decoder[EntryT], place: str) -> list[EntryT]:
    """Return the entries of a journal, up to the first line that is damaged.

    Args:
        lines: The lines.
        decoder: Decodes an entry.
        place: What to call the destination.

    Raises:
        ConfigurationError: A later version of this library wrote it, or something else did.
    """
    entries: list[EntryT] = []
    for line in lines:
        text = line[_CHECK:]
        if line[:_CHECK] != b"%08x " % crc32(text):
            break
        try:
            if not entries and msgspec.json.decode(text, type=_Version).version > VERSION:
                raise ConfigurationError(
                    f"destination: {place} was written by a later version of kauneonga_async; update this one"
                )
            entries.append(decoder.decode(text))
        except UNREADABLE:
            raise unknown_journal(place) from None
    return entries


def unknown_journal(place: str) -> ConfigurationError:
    """Return the error of a journal whose lines are whole, and not such as this library writes."""
    return ConfigurationError(
        f"destination: {place} holds a journal that no export of this library wrote; choose another, or export to it "
        "with overwrite=True"
    )
