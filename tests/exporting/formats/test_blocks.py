"""Blocks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kauneonga_async.exporting.formats import blocks
from kauneonga_async.exporting.formats.blocks import Blocks


@given(st.lists(st.lists(st.integers(1, 60))), st.integers(10, 50))
def test_records_stay_whole_and_blocks_are_of_about_one_size(batches: list[list[int]], size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK", size)
        pending = Blocks()
        full = [block for batch in batches for block in pending.add([b"x" * length for length in batch])]
        rest = pending.rest()
    assert b"".join(full) + rest == b"".join(b"x" * length + b"\n" for batch in batches for length in batch)
    assert all(block.endswith(b"\n") for block in full)
    assert all(len(block) <= size or block.count(b"\n") == 1 for block in full)
    assert len(rest) < size
