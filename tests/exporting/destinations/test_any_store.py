"""Destinations on stores that can do less than S3: no conditions, listings without marks, writes that are torn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from kauneonga_async.errors import DestinationLocked
from kauneonga_async.exporting.destinations.lease import LOCK
from kauneonga_async.exporting.destinations.object_store import ObjectStore, object_store
from tests.exporting.destinations.owners import Make, keys


class BareFileSystem(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Lists names and sizes, and nothing that would tell of a change."""

    protocol = "bare"
    store: dict[str, Any] = {}  # noqa: RUF012 - as its base has it
    pseudo_dirs = [""]  # noqa: RUF012

    def ls(self, path: str, detail: bool = True, **options: Any) -> list[Any]:  # noqa: FBT002 - fsspec's
        entries = super().ls(path, detail=True, **options)
        if not detail:
            return [entry["name"] for entry in entries]
        return [{name: entry[name] for name in ("name", "size", "type")} for entry in entries]


@pytest.fixture
def make() -> Callable[[], ObjectStore]:
    fsspec.register_implementation("bare", BareFileSystem, clobber=True)
    url = f"bare://{uuid4().hex}/years"
    return lambda: object_store(url)


def test_whoever_is_refused_the_lock_leaves_it_where_it_is(make: Make) -> None:
    first, second, third = make(), make(), make()
    first.lock()
    for refused in (second, third):
        with pytest.raises(DestinationLocked):
            refused.lock()
        assert refused.lease.token == ""
        refused.unlock()
    assert keys(first) == [LOCK]
    first.unlock()
    assert keys(first) == []


def test_a_lock_that_another_took_meanwhile_is_neither_renewed_nor_removed(make: Make) -> None:
    first, second = make(), make()
    first.lock()
    first.store.remove([LOCK])  # by somebody who took the process for dead
    second.lock()
    with pytest.raises(DestinationLocked):
        first.lease.renew()
    first.unlock()
    assert keys(second) == [LOCK]
    second.lease.renew()
    second.unlock()
    assert keys(second) == []
