"""Journal: the record of an export, written as it goes on; entries that come at the same time share one flush."""

from __future__ import annotations

import anyio
import msgspec
from anyio import to_thread

from kauneonga_async.exporting.destinations import Destination
from kauneonga_async.exporting.entries import Done, Entry, write_line
from kauneonga_async.exporting.state import State

__all__ = ["Journal", "journal_name"]


def journal_name(kind: str) -> str:
    """Return the name of the journal of a kind of export."""
    return f"_{kind}.journal"


class Journal:
    """The journal of an export that is locked.

    Args:
        destination: Where it is.
        state: What it says so far.

    Attributes:
        state: What it says, with what was written since.
    """

    def __init__(self, destination: Destination, state: State) -> None:
        self.state = state
        self._destination = destination
        self._name = journal_name(state.begun.kind)
        self._waiting: list[Entry] = []
        self._flushing = anyio.Lock()

    async def write(self, entry: Entry) -> None:
        """Write an entry, and return when it is durable. Entries are kept in the order of the calls."""
        # What was seen of others is for a later run alone, which reads it from the file.
        self.state.add(msgspec.structs.replace(entry, expected={}) if isinstance(entry, Done) else entry)
        self._waiting.append(entry)
        async with self._flushing:
            if self._waiting:
                entries, self._waiting = self._waiting, []
                await to_thread.run_sync(self._append, entries)

    def shorten(self) -> None:
        """Write it anew without what is not needed any more. Blocking."""
        self._destination.replace_lines(self._name, list(map(write_line, self.state.entries())))

    def _append(self, entries: list[Entry]) -> None:
        self._destination.append_lines(self._name, list(map(write_line, entries)))
