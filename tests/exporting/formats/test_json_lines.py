"""Records as lines."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from kauneonga_async.exporting.formats import to_lines

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(st.text(), values, max_size=4)


def raw(content: Any, indent: int) -> msgspec.Raw:
    encoded = msgspec.json.encode(content)
    return msgspec.Raw(msgspec.json.format(encoded, indent=indent) if indent >= 0 else encoded)


def test_no_records_are_no_lines() -> None:
    assert to_lines([]) == []


def test_compact_records_stay_as_they_are_to_the_byte() -> None:
    records = [b'{"id":1, "a":1.0}', b'{"id":2,"b":"\\u00e9 \\n"}']
    assert b"".join(to_lines([msgspec.Raw(record) for record in records])) == b"\n".join(records) + b"\n"


def test_a_carriage_return_between_tokens_does_not_break_a_line() -> None:
    assert b"".join(to_lines([msgspec.Raw(b'{"id":1,\r"a":2}')])) == b'{"id":1,"a":2}\n'


@given(st.lists(st.tuples(objects, st.sampled_from([-1, 0, 2])), min_size=1, max_size=4))
def test_every_record_is_one_line_however_the_server_lays_it_out(contents: list[tuple[Any, int]]) -> None:
    lines = b"".join(to_lines([raw(content, indent) for content, indent in contents])).split(b"\n")
    assert lines.pop() == b""
    assert [msgspec.json.decode(line) for line in lines] == [content for content, _ in contents]
