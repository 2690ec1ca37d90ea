"""Cursor: where a watch keeps what it knows: a digest of each message, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple, Protocol

import msgspec

from kauneonga_async.errors import DestinationLocked

__all__ = ["Cursor", "Entry", "MemoryCursor", "Position"]


class Entry(NamedTuple):
    """What is known of a message.

    Attributes:
        id: Its id.
        digest: The digest of its bytes, 16 bytes.
        day: The day, in UTC, that it belongs to.
    """

    id: int
    digest: bytes
    day: date


class Position(msgspec.Struct, frozen=True):
    """How far a watch has come.

    Attributes:
        covered_from: All messages from here on are known: one that is not is new.
        complete_until: All that the server had by then, by its own clock, was handed out and acknowledged.
    """

    covered_from: datetime
    complete_until: datetime


class Cursor(Protocol):
    """What a watch keeps of one account. Implement it to keep that in a place of your own.

    A watch calls ``open`` first, and if that succeeded ``close`` last, and one of these at a time. What a cursor stands
    for is used by one watch at a time: ``open`` must refuse a second.
    """

    async def open(self) -> Position | None:
        """Take hold of what is kept, and return how far it has come; None, and hold nothing, if it is new.

        Raises:
            DestinationLocked: Another watch has it.
        """
        ...

    async def digests(self, ids: Sequence[int]) -> Mapping[int, bytes]:
        """Return the digests of those of the messages that are known."""
        ...

    async def save(self, entries: Sequence[Entry], position: Position | None = None) -> None:
        """Keep what is known of messages, in place of what was, and the position, if one is given.

        It must be safe when this returns, and all of it or nothing. Entries of days before the position's
        ``covered_from`` are not needed any more.
        """
        ...

    async def close(self) -> None:
        """Let go of what is kept."""
        ...


class MemoryCursor:
    """Keeps what a watch knows for as long as the process lasts."""

    def __init__(self) -> None:
        self._position: Position | None = None
        self._entries: dict[int, tuple[bytes, date]] = {}
        self._is_open = False

    async def open(self) -> Position | None:
        """Take hold of it; see :class:`Cursor`, as for all that follows."""
        if self._is_open:
            raise DestinationLocked("cursor: another watch is using it")
        self._is_open = True
        if self._position is None:
            self._entries.clear()
        return self._position

    async def digests(self, ids: Sequence[int]) -> Mapping[int, bytes]:
        """Return the digests of those of the messages that are known."""
        entries = self._entries
        return {record_id: entries[record_id][0] for record_id in ids if record_id in entries}

    async def save(self, entries: Sequence[Entry], position: Position | None = None) -> None:
        """Keep what is known of messages, and the position."""
        for entry in entries:
            self._entries[entry.id] = entry.digest, entry.day
        if position is None:
            return
        if self._position is not None and position.covered_from > self._position.covered_from:
            first = position.covered_from.astimezone(UTC).date()
            self._entries = {key: value for key, value in self._entries.items() if value[1] >= first}
        self._position = position

    async def close(self) -> None:
        """Let go of it."""
        self._is_open = False

    def __repr__(self) -> str:
        return f"MemoryCursor({len(self._entries)} messages)"
