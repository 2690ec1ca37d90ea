"""Store: the few things that an object store can do, from which a destination is made. Blocking."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import BinaryIO, Protocol

import msgspec

from kauneonga_async.exporting.destinations.destination import PartFile, Stamp

__all__ = ["Changed", "Found", "Store"]


class Changed(Exception):
    """An object is not what a write supposed it to be: nothing was written."""


class Found(msgspec.Struct, frozen=True):
    """A small object that was read.

    Attributes:
        data: All of it.
        mark: What changes whenever it is written (the ETag).
        modified: When it was written, by the store's clock; None where that is not known.
        age: Seconds since then, by the store's clock alone; None where that is not known.
    """

    data: bytes
    mark: str
    modified: datetime | None
    age: float | None


class Store(Protocol):
    """The objects under one prefix.

    ``create`` and ``swap`` must be given data that nobody else would write (a token in it, a number that counts up):
    an answer that was lost is told from a refusal by reading the object back.

    Attributes:
        is_conditional: Whether ``create`` and ``swap`` are decided by the store, so that of many one wins.
    """

    is_conditional: bool

    def stamps(self, folder: str = "") -> dict[str, Stamp]:
        """Return the objects directly in the prefix, or in a folder of it, by name."""
        ...

    def get(self, name: str) -> Found | None:
        """Read a small object."""
        ...

    def create(self, name: str, data: bytes) -> str:
        """Write an object where there is none, and return its mark.

        Raises:
            Changed: There is one.
        """
        ...

    def swap(self, name: str, data: bytes, mark: str) -> str:
        """Write an object in the place of the one with the mark, and return its mark.

        Raises:
            Changed: It is another by now, or gone.
        """
        ...

    def drop(self, name: str, mark: str) -> None:
        """Remove an object.

        Raises:
            Changed: It is another by now, or gone.
        """

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects, whatever they are; those that are not there are passed over."""

    def upload(self, name: str, check: Callable[[], None]) -> PartFile:
        """Begin an object; ``check`` is called right before it becomes visible, and may raise."""
        ...

    def stage(self, name: str) -> PartFile:
        """Begin an object that another process lets appear; see ``Destination``."""
        ...

    def adopt(self, name: str, mark: str) -> str:
        """Let an object that was staged appear, and return its mark."""
        ...

    def open(self, name: str) -> BinaryIO:
        """Open an object to read it."""
        ...

    def clean(self) -> None:
        """Remove uploads directly into the prefix, and what was staged there, that never came to their end."""

    def __str__(self) -> str:
        """Return its URL, without credentials."""
        ...
