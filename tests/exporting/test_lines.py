"""A journal's lines: whatever a disk does to them, what is read back was written."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kauneonga_async import errors
from kauneonga_async.exporting.entries import Begun, Entry, Span, pack_ids, unpack_ids
from kauneonga_async.exporting.lines import VERSION, read_lines, write_line

DECODER = msgspec.json.Decoder(Entry)
ENTRIES: list[Entry] = [Begun("messages", {"from": "2025-01-01"}, "salt:digest", 7), Span(None, None), Span(None, None)]


def test_what_is_written_is_read_back() -> None:
    assert read_lines(map(write_line, ENTRIES), DECODER, "place") == ENTRIES


@given(line=st.integers(0, 2), place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_line_with_any_bit_flipped_ends_the_journal(line: int, place: int, bit: int) -> None:
    lines = list(map(write_line, ENTRIES))
    damaged = bytearray(lines[line])
    damaged[place % len(damaged)] ^= 1 << bit
    lines[line] = bytes(damaged)
    assert read_lines(lines, DECODER, "place") == ENTRIES[:line]


def test_a_later_version_is_refused() -> None:
    line = write_line(Begun("messages", {}, "", 7, version=VERSION + 1))
    with pytest.raises(errors.ConfigurationError, match="place was written by a later version"):
        read_lines([line], DECODER, "place")


@given(st.dictionaries(st.integers(1, 800_000), st.lists(st.integers(1, 2**63 - 1), min_size=1)))
def test_ids_are_packed_without_loss(seen: dict[int, list[int]]) -> None:
    assert unpack_ids(pack_ids(seen)) == {day: sorted(set(ids)) for day, ids in seen.items()}
