"""State: what the journal of an export of recordings comes to. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kauneonga_async.exporting.entries import Begun
from kauneonga_async.exporting.lines import read_lines, unknown_journal
from kauneonga_async.exporting.recordings.entries import Audio

__all__ = ["State", "read_state"]

_DECODER = msgspec.json.Decoder(Begun | Audio)


class State:
    """An export of recordings as its journal tells it.

    Args:
        begun: What was asked for.
        audio: What became of recordings; what is said last of one holds.

    Attributes:
        begun: What was asked for.
        audio: What became of each, by its id.
    """

    def __init__(self, begun: Begun, audio: Iterable[Audio] = ()) -> None:
        self.begun = begun
        self.audio: dict[int, Audio] = {entry.id: entry for entry in audio}

    def take(self, entry: Audio) -> None:
        """Take an entry that is being written."""
        self.audio[entry.id] = entry

    def entries(self) -> list[msgspec.Struct]:
        """Return the entries that come to this state, and no more than are needed."""
        return [self.begun, *self.audio.values()]


def read_state(lines: Iterable[bytes], place: str) -> State | None:
    """Return what a journal's lines come to, or None if they tell of no export; see ``lines.read_lines``."""
    entries = read_lines(lines, _DECODER, place)
    if not entries:
        return None
    if not isinstance(entries[0], Begun):
        raise unknown_journal(place)
    return State(entries[0], (entry for entry in entries if isinstance(entry, Audio)))
