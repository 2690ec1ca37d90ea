"""Arrays to lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kauneonga_async.decoding import Batch, InvalidRecord, LineReader, Lines, ListDecoder, compact
from kauneonga_async.errors import DecodeError
from tests.budget import examples
from tests.decoding.reference import cut, decode_whole

TEXTS = st.text(max_size=8) | st.sampled_from(
    ['},{"id":', '}\n{"id":', '"},{"id":7,"x":"', "{", "}", "\\", "é😀", "\u2028"]
)


def records_of(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    fields = st.dictionaries(TEXTS, values, max_size=4)
    return st.builds(
        lambda number, rest: {"id": number, **{name: value for name, value in rest.items() if name != "id"}},
        st.integers(1, 99),
        fields,
    )


# Nested lists of objects look just like the outer one.
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.lists(records_of(inner), max_size=3),
    max_leaves=6,
)
RECORDS = records_of(VALUES)
LAYOUTS = st.sampled_from([(",", ":"), (", ", ": "), (",", ": "), (" ,", ":")])


def read(pieces: list[bytes]) -> tuple[list[bytes], list[InvalidRecord], list[Batch[bytes]]]:
    decoder = ListDecoder(LineReader(None))
    batches = [b for b in [*(decoder.feed(piece) for piece in pieces), decoder.finish()] if b is not None]
    return [line for b in batches for line in b.records], [bad for b in batches for bad in b.invalid], batches


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(RECORDS, max_size=6), LAYOUTS, st.sampled_from([None, 1]), st.booleans(), st.data())
def test_lines_are_the_records_whatever_stands_in_them(
    records: list[dict[str, Any]], layout: tuple[str, str], indent: int | None, ascii_only: bool, data: st.DataObject
) -> None:
    body = json.dumps({"data": records}, separators=layout, indent=indent, ensure_ascii=ascii_only).encode()
    places = data.draw(st.lists(st.integers(0, len(body)), max_size=3))
    lines, invalid, batches = read(cut(body, *places))
    assert not invalid
    assert [msgspec.json.decode(line) for line in lines] == records
    assert not any(b"\n" in line for line in lines)
    assert [record_id for batch in batches for record_id in batch.ids] == [record["id"] for record in records]
    if indent is None and layout == (",", ":"):
        assert lines == decode_whole(body, msgspec.Raw)


def test_what_stands_around_a_record_is_not_in_its_line() -> None:
    lines, _, _ = read([b'{"data" : [ {"id":1} , {"id":2}\t] }'])
    assert lines == [b'{"id":1}', b'{"id":2}']


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (b'{"id": 1}', b'{"id": 1}'),
        (b'{"id": 1} \r\n\t', b'{"id": 1}'),
        (b'{"id":\r1, "a": "b c"}', b'{"id":1,"a":"b c"}'),
        (b'{\n  "id": 1\n}', b'{"id":1}'),
    ],
)
def test_a_record_stays_as_it_is_unless_it_has_line_breaks(record: bytes, line: bytes) -> None:
    assert compact(record) == line


def test_one_line_of_many_may_be_asked_for() -> None:
    lines = Lines(memoryview(b'{"a": 1}\n{"b": "c d"}\n{}'), 3)
    assert (lines[1], lines[1:], list(lines), len(lines)) == (
        b'{"b": "c d"}', [b'{"b": "c d"}', b"{}"], [b'{"a": 1}', b'{"b": "c d"}', b"{}"], 3
    )  # fmt: skip


@pytest.mark.parametrize("space", ["", " "])
def test_lines_have_dates_by_either_way(space: str) -> None:
    batch = LineReader("created_at").read(
        f'[{space}{{"id":1,"created_at":"2025-01-21T22:08:20Z"}}]'.encode(), trusted=True
    )
    assert batch.times == [datetime(2025, 1, 21, 22, 8, 20, tzinfo=UTC)]


def test_what_servers_send_is_read_in_one_pass() -> None:
    records = [{"id": number, "content": "text", "answers": {"a": 1}} for number in range(1, 50)]
    _, _, batches = read([msgspec.json.encode({"data": records})])
    assert isinstance(batches[0].records, Lines)
    assert len(batches[0].records) == 48  # the last waits for the end of the list
    assert batches[0].records[3] == msgspec.json.encode(records[3])
    assert batches[0].records[1:3] == [msgspec.json.encode(record) for record in records[1:3]]


@pytest.mark.parametrize("bad", [b'{"id":0}', b'{"id":"x"}', b'{"x":1}', b'{"id":5,"x":"\xff"}', b'{"id":5,"x":NaN}'])
def test_a_record_that_cannot_be_relied_upon_is_set_aside_alone(bad: bytes) -> None:
    lines, invalid, _ = read([b'{"data":[{"id":1},' + bad + b',{"id":2}]}'])
    assert lines == [b'{"id":1}', b'{"id":2}']
    assert [record.raw for record in invalid] == [bad]


@pytest.mark.parametrize(
    "end", [b"", b'{"id":3', b'{"id":3}', b'{"id":3},', b'{"id":3},]', b'{"id":3}{"id":4}]}', b'{"id":3} {"id":4}]}']
)
def test_a_list_that_is_no_list_is_an_error(end: bytes) -> None:
    with pytest.raises(DecodeError):
        read([b'{"data":[{"id":1},{"id":2},' + end])


def test_a_line_holds_one_record_even_if_two_stand_without_a_comma() -> None:
    with pytest.raises(DecodeError):
        read([b'{"data":[{"id":1} {"id":2},{"id":3}]}'])
