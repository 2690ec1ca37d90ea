"""The streamed decoder gives the whole-body decoder's answer, however the body is cut into pieces."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kauneonga_async.errors import DecodeError
from tests.budget import examples
from tests.decoding.reference import (
    Narrow,
    cut,
    decode_in_pieces,
    decode_whole,
    outcome_in_pieces,
    outcome_whole,
)

TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(['},{"id":', "},{", '"}]', "]}", "\\", '\\"', "[", "{", "data", '"data":[', "é", "🙂", "\x7f"]),
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**6), 10**6),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXTS,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(TEXTS, inner, max_size=4),
        st.lists(st.fixed_dictionaries({"id": st.integers(1, 9), "x": inner}), max_size=4),
    ),
    max_leaves=12,
)
RECORDS = st.builds(
    lambda record_id, rest, first: {"id": record_id, **rest} if first else {**rest, "id": record_id},
    st.integers(1, 2**63 - 1),
    st.dictionaries(TEXTS.filter(lambda key: key not in ("id", "created_at")), VALUES, max_size=4),
    st.booleans(),
)
ENVELOPE_KEYS = st.dictionaries(TEXTS.filter(lambda key: key not in ("data", "success", "info")), VALUES, max_size=3)
LAYOUTS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"separators": (",", ":"), "ensure_ascii": False},
        {"separators": (",", ":"), "ensure_ascii": True},
        {"separators": (" ,\r\n", " : "), "ensure_ascii": False},
        {"indent": 2, "ensure_ascii": False},
    ]
)


@st.composite
def bodies(draw: st.DrawFn, most: int = 8) -> bytes:
    content = {**draw(ENVELOPE_KEYS), "data": draw(st.lists(RECORDS, max_size=most)), **draw(ENVELOPE_KEYS)}
    return json.dumps(content, **draw(LAYOUTS)).encode()


@settings(max_examples=examples(100), deadline=None)
@given(body=bodies(), data=st.data(), record_type=st.sampled_from([dict, msgspec.Raw, Narrow]))
def test_pieces_of_any_size_give_the_records_of_the_whole(body: bytes, data: st.DataObject, record_type: Any) -> None:
    places = data.draw(st.lists(st.integers(0, len(body)), max_size=6))
    expected = decode_whole(body, record_type)
    assert decode_in_pieces(cut(body, *places), record_type) == (expected, [])


@settings(max_examples=examples(20), deadline=None)
@given(body=bodies(most=3))
def test_one_cut_at_every_position_changes_nothing(body: bytes) -> None:
    expected = decode_whole(body)
    for place in range(len(body) + 1):
        assert decode_in_pieces(cut(body, place)) == (expected, [])


@settings(max_examples=examples(60), deadline=None)
@given(body=bodies())
def test_byte_by_byte_changes_nothing(body: bytes) -> None:
    assert decode_in_pieces([body[i : i + 1] for i in range(len(body))]) == (decode_whole(body), [])


@settings(max_examples=examples(60), deadline=None)
@given(body=bodies(), data=st.data())
def test_a_body_that_stops_short_is_an_error_at_every_byte(body: bytes, data: st.DataObject) -> None:
    end = data.draw(st.integers(0, len(body.rstrip()) - 1))
    with pytest.raises(DecodeError) as caught:
        decode_in_pieces(cut(body[:end], end // 2))
    assert caught.value.malformed


@settings(max_examples=examples(100), deadline=None)
@given(body=bodies(), data=st.data(), record_type=st.sampled_from([dict, msgspec.Raw, Narrow]))
def test_a_damaged_body_is_read_or_refused_as_the_whole_is(body: bytes, data: st.DataObject, record_type: Any) -> None:
    damaged = bytearray(body)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(damaged)))
        width = data.draw(st.integers(0, 2))
        damaged[place : place + width] = data.draw(
            st.sampled_from(
                [b"", b",", b"{", b"}", b"[", b"]", b'"', b"\\", b":", b" ", b"1", b"\xff", b"\x00", b"null"]
            )
        )
    places = data.draw(st.lists(st.integers(0, len(damaged)), max_size=3))
    expected = outcome_whole(bytes(damaged), record_type)
    if damaged.count(b'"data"') > 1 and expected is not None:
        return  # two "data" keys: refused, for what was handed out cannot be taken back
    outcome = outcome_in_pieces(cut(bytes(damaged), *places), record_type)
    if record_type is Narrow and not is_text(damaged):
        assert outcome in (expected, None)  # around the records nothing but UTF-8 is let pass
    else:
        assert outcome == expected


def is_text(body: bytes | bytearray) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
