"""Owners of a destination on an object store: how a test opens one, stops one, and looks at what it has written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from kauneonga_async.exporting.destinations.lease import LEASE
from kauneonga_async.exporting.destinations.object_store import ObjectStore

Make = Callable[[], ObjectStore]
LONG = timedelta(seconds=LEASE * 2)


def abandon(destination: ObjectStore) -> None:
    """Stop renewing, as when the process is suspended or killed."""
    destination.lease._released.set()
    thread = destination.lease._thread
    assert thread is not None
    thread.join()


def keys(destination: ObjectStore, prefix: str = "") -> list[str]:
    return list(destination.store.stamps(prefix))
