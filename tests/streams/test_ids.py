"""IdSet behaves as a set, in any order, and stays small."""

from __future__ import annotations

import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kauneonga_async.streams import ids
from kauneonga_async.streams.ids import IdSet
from tests.budget import examples

IDS = st.integers(1, 2**63 - 1) | st.integers(1, 60)


@settings(max_examples=examples(300))
@given(batches=st.lists(st.lists(IDS, max_size=30), max_size=12), block=st.sampled_from([2, 5, 4096]))
def test_it_behaves_as_a_set(batches: list[list[int]], block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "_BLOCK", block)
        known: set[int] = set()
        seen = IdSet()
        for batch in batches:
            for values in (batch, sorted(set(batch)), sorted(set(batch), reverse=True)):
                fresh = [i for i, value in enumerate(values) if value not in known and value not in values[:i]]
                found = seen.add_all(values)
                assert (list(range(len(values))) if found is None else found) == fresh
                known.update(values)
                assert list(seen) == sorted(known)
                assert len(seen) == len(known)
        assert all(value in seen for value in known)
        assert not any(value in seen for value in (0, 61, 2**63 - 2) if value not in known)


@pytest.mark.parametrize("order", ["ascending", "descending", "shuffled"])
def test_an_id_takes_at_most_sixteen_bytes(order: str) -> None:
    values = list(range(1_000_000, 1_100_000))
    if order == "descending":
        values.reverse()
    if order == "shuffled":
        random.Random(1).shuffle(values)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        seen = IdSet()
        for start in range(0, len(values), 85):
            seen.add_all(values[start : start + 85])
        used = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert len(seen) == 100_000
    assert used <= 16 * len(seen)


@given(st.lists(st.integers(1, 10**6)), st.lists(st.integers(1, 10**6)))
def test_what_it_lacks_is_what_a_set_lacks(kept: list[int], asked: list[int]) -> None:
    ids = IdSet()
    ids.add_all(kept)
    assert ids.lacks(asked) == sorted(set(asked) - set(kept))


def test_what_it_lacks_is_found_over_many_blocks() -> None:
    ids = IdSet()
    ids.add_all(range(1, 50_001, 2))
    assert ids.lacks(range(4000, 30_000)) == list(range(4000, 30_000, 2))
    assert ids.lacks([]) == []
