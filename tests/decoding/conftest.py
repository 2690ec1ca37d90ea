"""Each test has readers of its own: one that was made before a process was forked would hide a mutant from it."""

from __future__ import annotations

import pytest

from kauneonga_async.decoding import line_reader, object_reader, record_reader


@pytest.fixture(autouse=True)
def _new_readers() -> None:
    for reader in (line_reader, object_reader, record_reader):
        reader.cache_clear()
