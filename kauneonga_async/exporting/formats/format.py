"""Format: what a file's bytes are made of records by, and read back by. Blocking, without I/O of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import BinaryIO, Protocol

__all__ = ["Encoder", "Format", "Write"]

Write = Callable[[bytes | memoryview], object]
"""Takes bytes for the file, in order."""


class Encoder(Protocol):
    """Encodes the records of one part. Blocking: to be called in a thread, by one thread at a time.

    One that is dropped without ``finish()`` writes nothing more.
    """

    def add(self, records: Sequence[bytes]) -> None:
        """Take records, each a JSON object; what is full is written."""

    def finish(self) -> None:
        """Write what is left: the records that wait, a footer, a trailer."""


class Format(Protocol):
    """Makes encoders, for any number of parts and threads at once.

    Attributes:
        name: ``"jsonl"``, ``"csv"`` or ``"parquet"``.
        ending: How the names of its files end, ``.csv.gz`` for one.
        at_once: How many parts to encode at once, to bound the memory that takes; None for no bound.
    """

    name: str
    ending: str
    at_once: int | None

    def encoder(self, write: Write) -> Encoder:
        """Return the encoder of a new part, whose bytes go to ``write``."""
        ...

    def ids(self, file: BinaryIO) -> Iterable[int]:
        """Yield the ids of a finished part, in bounded memory."""
        ...
