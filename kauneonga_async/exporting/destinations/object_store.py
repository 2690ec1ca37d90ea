"""ObjectStore: a destination on S3, or on another store that fsspec knows.

Parts are objects of their names. There is no rename, no append and no flock on such a store, so a part is sent and
appears whole, a journal is a folder of numbered objects (:mod:`.segments`), and the lock is an object that expires
unless it is renewed (:mod:`.lease`).

Who has the lock for longer than it was renewed writes no more: that is looked at before each write. A part that was on
its way at that instant can still replace the new owner's; its ETag is then not the one in the new owner's journal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, BinaryIO

from kauneonga_async.errors import ConfigurationError
from kauneonga_async.exporting.destinations.any_store import AnyStore
from kauneonga_async.exporting.destinations.destination import PartFile, Stamp
from kauneonga_async.exporting.destinations.lease import Lease
from kauneonga_async.exporting.destinations.s3 import S3Store
from kauneonga_async.exporting.destinations.segments import Segments
from kauneonga_async.exporting.destinations.store import Store

__all__ = ["ObjectStore", "object_store"]

S3_NEEDED = "destination: s3:// needs s3fs: pip install 'kauneonga-async[s3]'"


def object_store(url: str, storage_options: Mapping[str, Any] | None = None) -> ObjectStore:
    """Return the destination of a URL.

    Args:
        url: As ``s3://bucket/prefix``.
        storage_options: What fsspec's filesystem takes (s3fs: ``key``, ``secret``, ``endpoint_url``, ...); what is not
            given comes from the environment, as s3fs and boto find it.

    Raises:
        ConfigurationError: The URL's protocol is not known, or what speaks it is not installed.
    """
    protocol, _, path = url.partition("://")
    shown = re.sub(r"//[^/]*@", "//", url.partition("?")[0]).rstrip("/") + "/"
    if protocol in ("file", "local"):
        raise ConfigurationError("destination: give a folder by its path, not as a URL")
    is_s3 = protocol in ("s3", "s3a")
    if is_s3 and not path.strip("/"):
        raise ConfigurationError("destination: s3:// needs a bucket: s3://bucket/prefix")
    if is_s3 and "@" in path.partition("/")[0]:  # s3fs would take all of it for the bucket's name, and show it
        raise ConfigurationError("destination: s3:// holds no credentials; storage_options, or the environment, do")
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415 - an extra
    except ImportError:
        raise ConfigurationError(S3_NEEDED if is_s3 else f"destination: {protocol}:// needs fsspec") from None
    options: dict[str, Any] = {"use_listings_cache": False, "skip_instance_cache": True, **(storage_options or {})}
    try:
        fs, at = url_to_fs(url, **options)
    except ImportError as error:
        raise ConfigurationError(S3_NEEDED if is_s3 else f"destination: {protocol}://: {error}") from None
    except ValueError:
        raise ConfigurationError(f"destination: {protocol}:// is no protocol that fsspec knows") from None
    return ObjectStore(S3Store(fs, at) if is_s3 else AnyStore(fs, at, shown))


class ObjectStore:
    """A destination on an object store.

    It is not to be used in a process forked off the one that made it.

    Args:
        store: The objects under its prefix.
        clock: Counts seconds; by default also those that the machine sleeps.
    """

    def __init__(self, store: Store, clock: Callable[[], float] | None = None) -> None:
        self.store = store
        self.lease: Lease = Lease(store, clock)
        self._journals: dict[str, Segments] = {}

    def __str__(self) -> str:
        return str(self.store)

    def __repr__(self) -> str:
        return f"ObjectStore({self})"

    def lock(self) -> None:
        """Have it alone."""
        self.lease.take()
        self._journals.clear()

    def unlock(self) -> None:
        """Let others have it."""
        self.lease.release()

    def stamps(self) -> dict[str, Stamp]:
        """Return every file directly in it, by name."""
        return self.store.stamps()

    def create(self, name: str) -> PartFile:
        """Begin a file."""
        return self.store.upload(name, self.lease.check)

    def stage(self, name: str) -> PartFile:
        """Begin a file for whoever has the lock."""
        return self.store.stage(name)

    def adopt(self, name: str, mark: str) -> str:
        """Let a file that was staged appear."""
        self.lease.check()
        return self.store.adopt(name, mark)

    def open(self, name: str) -> BinaryIO:
        """Open a file to read it."""
        return self.store.open(name)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files."""
        self.lease.check()
        self.store.remove(names)

    def clean(self) -> None:
        """Remove uploads that never came to their end."""
        self.lease.check()
        self.store.clean()

    def read_lines(self, name: str) -> list[bytes]:
        """Return a journal's lines."""
        return self._journal(name).read()

    def replace_lines(self, name: str, lines: Sequence[bytes]) -> None:
        """Put these in the place of all of a journal's lines."""
        self._journal(name).replace(lines)

    def append_lines(self, name: str, lines: Sequence[bytes]) -> None:
        """Add lines to a journal."""
        self._journal(name).append(lines)

    def _journal(self, name: str) -> Segments:
        return self._journals.setdefault(name, Segments(self.store, name, self.lease))
