"""Journal: the record of an export, written as it goes on; entries that come at the same time share one flush."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

import anyio
import msgspec

from kauneonga_async.exporting.destinations import Destination
from kauneonga_async.exporting.lines import write_line
from kauneonga_async.threads import carry_out

__all__ = ["Journal", "journal_name"]

StateT = TypeVar("StateT", bound="_State")


class _State(Protocol):
    def take(self, entry: Any) -> None: ...

    def entries(self) -> Sequence[msgspec.Struct]: ...


def journal_name(kind: str) -> str:
    """Return the name of the journal of a kind of export."""
    return f"_{kind}.journal"


class Journal(Generic[StateT]):
    """The journal of an export that is locked.

    Args:
        destination: Where it is.
        kind: What is exported.
        state: What it says so far.

    Attributes:
        state: What it says, with what was written since.
    """

    def __init__(self, destination: Destination, kind: str, state: StateT) -> None:
        self.state = state
        self._destination = destination
        self._name = journal_name(kind)
        self._waiting: list[msgspec.Struct] = []
        self._flushing = anyio.Lock()
        self._failure: Exception | None = None

    async def write(self, *entries: msgspec.Struct) -> None:
        """Write entries, and return when they are durable. They are kept in the order of the calls.

        Raises:
            OSError: They could not be written, or others before them: nothing is written after a gap.
        """
        for entry in entries:
            self.state.take(entry)
        self._waiting += entries
        async with self._flushing:
            # Whoever waited may have had his entries in what another could not write.
            if self._failure is not None:
                raise self._failure
            if self._waiting:
                waiting, self._waiting = self._waiting, []
                await carry_out(partial(self._append, waiting))

    def shorten(self) -> None:
        """Write it anew without what is not needed any more. Blocking."""
        self._destination.replace_lines(self._name, list(map(write_line, self.state.entries())))

    def _append(self, entries: list[msgspec.Struct]) -> None:
        try:
            self._destination.append_lines(self._name, list(map(write_line, entries)))
        except Exception as error:
            # Here, where no cancellation comes between.
            self._failure = error
            raise
