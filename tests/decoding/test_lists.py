"""The streamed decoder gives the whole-body decoder's answer, however the body is cut into pieces."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kauneonga_async.decoding import ListDecoder, Refusal, record_reader
from kauneonga_async.errors import DecodeError
from kauneonga_async.models import Message
from tests.budget import examples
from tests.decoding.reference import (
    Narrow,
    cut,
    decode_in_pieces,
    decode_whole,
    outcome_in_pieces,
    outcome_whole,
)

RECORD_TYPES = [dict, msgspec.Raw, Message, Narrow]

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


def many(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"id": number + 1, **fields} for number in range(count)]


def in_blocks(body: bytes, size: int = 4096) -> list[bytes]:
    return [body[i : i + size] for i in range(0, len(body), size)]


def test_records_come_out_before_the_body_has_ended() -> None:
    decoder: ListDecoder[Any] = ListDecoder(record_reader(dict, "id", None))
    body = json.dumps({"data": many(100, text="x" * 100)}, separators=(",", ":")).encode()
    batch = decoder.feed(body[: len(body) // 2])
    assert batch is not None
    assert len(batch.records) > 40


def test_nested_arrays_of_similar_objects_are_told_from_records() -> None:
    records = many(300, activities=many(5, text='},{"id":'))
    body = json.dumps({"data": records}, separators=(",", ":")).encode()
    assert decode_in_pieces(in_blocks(body)) == (records, [])


def test_work_stays_linear_when_every_cut_fails() -> None:
    """A nested array made of the very bytes that stand between records: counted in bytes decoded, not in seconds."""
    decoded = 0

    class CountingReader:
        def __init__(self) -> None:
            self.reader = record_reader(dict, "id", None)

        def read(self, document: bytes, *, trusted: bool) -> Any:
            nonlocal decoded
            decoded += len(document)
            return self.reader.read(document, trusted=trusted)

    body = json.dumps({"data": [*many(2), {"id": 3, "nested": many(400_000)}]}, separators=(",", ":")).encode()
    decoder: ListDecoder[Any] = ListDecoder(CountingReader())  # type: ignore[arg-type]
    count = sum(len(batch.records) for piece in in_blocks(body, 65536) if (batch := decoder.feed(piece)))
    last = decoder.finish()
    assert count + len(last.records if last else []) == 3
    assert decoded < 3 * len(body)


def test_a_record_without_end_meets_the_limit() -> None:
    decoder: ListDecoder[Any] = ListDecoder(record_reader(dict, "id", None), largest_record=100_000)
    decoder.feed(b'{"data":[{"id":1},{"id":2,"content":"')
    with pytest.raises(DecodeError, match="100,000 bytes") as caught:
        for _ in range(100):
            decoder.feed(b"x" * 10_000)
    assert not caught.value.malformed


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_nesting_without_end_is_refused_and_the_process_lives(opening: bytes) -> None:
    body = b'{"data":[{"id":1,"x":' + opening * 1_000_000
    with pytest.raises(DecodeError, match="nested too deeply"):
        decode_in_pieces(in_blocks(body, 65536))


def test_nesting_beyond_the_decoder_is_refused() -> None:
    body = b'{"data":[{"id":1,"x":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}]}"
    with pytest.raises(DecodeError, match="nested too deeply") as caught:
        decode_in_pieces([body])
    assert not caught.value.malformed


@pytest.mark.parametrize("key", ['"data"', '"d\\u0061ta"'])
@pytest.mark.parametrize("space", ["", " ", "\r\n\t"])
def test_the_key_of_the_list_may_be_spelt_and_spaced_as_json_allows(key: str, space: str) -> None:
    body = f'{space}{{{space}"a"{space}:[{{"data":[]}}],{key}{space}:{space}[{space}{{"id":1}}{space}]{space}}}{space}'
    for place in range(len(body)):
        assert decode_in_pieces(cut(body.encode(), place)) == ([{"id": 1}], [])


def test_an_empty_list_holds_nothing() -> None:
    for body in (b'{"data":[]}', b'{"data": [ \n ] , "total": 0}'):
        assert decode_in_pieces(cut(body, len(body) // 2)) == ([], [])


def test_a_byte_order_mark_is_read_over() -> None:
    assert decode_in_pieces(cut(b'\xef\xbb\xbf{"data":[{"id":1}]}', 2)) == ([{"id": 1}], [])


def test_a_second_byte_order_mark_is_refused_wherever_the_body_is_cut() -> None:
    body = b"\xef\xbb\xbf" * 2 + b'{"data":[{"id":1}]}'
    for place in range(len(body)):
        with pytest.raises(DecodeError):
            decode_in_pieces(cut(body, place))


@pytest.mark.parametrize(
    ("body", "said", "malformed"),
    [
        (b"", "empty", True),
        (b"  \n", "empty", True),
        (b"<html><body>Bad gateway</body></html>", "HTML", True),
        (b"Internal error", "no JSON object", True),
        (b'[{"id":1}]', "bare list", True),
        (b'{"info":"x"}', 'no "data"', False),
        (b'{"data":null}', "no list", False),
        (b'{"data":"x"}', "no list", False),
        (b'{"data":{"id":1}}', "an object where a list belongs", False),
        (b'{"data":[{"id":1}],"data":[{"id":2}]}', "two", False),
        (b'{"data":null,"data":[{"id":2}]}', "two", False),
        (b'{"data":[{"id":1},]}', "valid JSON", True),
        (b'{"data":[,{"id":1}]}', "valid JSON", True),
        (b'{"data":[{"id":1}{"id":2}]}', "valid JSON", True),
        (b'{"data":[{"id":1}}}', "valid JSON", True),
        (b'{"data":[}}', "valid JSON", True),
        (b'{"data":[{"id":1}]} x', "valid JSON", True),
        (b'{"data":[{"id":1}]', "valid JSON", True),
    ],
)
def test_what_is_no_listing_is_named(body: bytes, said: str, malformed: bool) -> None:
    for place in (0, len(body) // 2, len(body)):
        with pytest.raises(DecodeError, match=said) as caught:
            decode_in_pieces(cut(body, place))
        assert caught.value.malformed is malformed


def test_an_object_is_taken_for_the_only_record_where_that_is_asked_for() -> None:
    assert decode_in_pieces([b'{"data":{"id":7}}'], accept_object=True) == ([{"id": 7}], [])


@pytest.mark.parametrize(
    "body",
    [
        b'{"success":false,"info":"Invalid token","data":{}}',
        b'{"data":[],"info":"Invalid token","success":false}',
        b'{"success":false,"info":"Invalid token"}',
    ],
)
def test_success_false_is_a_refusal_whatever_the_data(body: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        decode_in_pieces(cut(body, 9))
    assert caught.value.info == "Invalid token"


@pytest.mark.parametrize("info", [b"1e400", b"[[]]", b'{"a":1}', b"null"])
def test_what_the_info_holds_costs_no_record(info: bytes) -> None:
    good, _ = decode_in_pieces(cut(b'{"data":[{"id":1}],"info":' + info + b"}", 9))
    assert len(good) == 1
    with pytest.raises(Refusal) as caught:
        decode_in_pieces(cut(b'{"success":false,"info":' + info + b',"data":{}}', 9))
    assert caught.value.info is None


@pytest.mark.parametrize("record_type", RECORD_TYPES)
def test_one_bad_record_costs_itself_alone(record_type: Any) -> None:
    records = [json.dumps({"id": n, "read": True}).encode() for n in range(1, 200)]
    records[100] = b'{"id":"CANARY","read":true}'
    body = b'{"data":[' + b",".join(records) + b"]}"
    good, invalid = decode_in_pieces(in_blocks(body, 1000), record_type)
    assert len(good) == 198
    assert [(bad.raw, bad.id) for bad in invalid] == [(records[100], None)]


@pytest.mark.parametrize(
    ("record", "record_id", "path"),
    [
        (b'{"id":5,"read":"CANARY"}', 5, "$.read"),
        (b'{"id":5,"content":{"CANARY":1}}', 5, "$.content"),
        (b'{"id":5,"created_at":"CANARY"}', 5, "$.created_at"),
        (b'{"id":5,"created_at":"2025-01-21T22:08:20"}', 5, "$.created_at"),
        (b'{"id":5,"created_at":"2016-12-31T23:59:60Z"}', 5, "$.created_at"),
        (b'{"id":5,"content":"CANARY\\ud800"}', 5, None),
        (b'{"id":5,"content":"CANARY\xff"}', 5, None),
        (b'{"id":5,"unknown":NaN}', 5, None),
        (b'{"id":9223372036854775808}', None, "$.id"),
        (b'{"id":%s}' % (b"9" * 5000), None, "$.id"),
        (b'{"id":0}', None, "$.id"),
        (b'{"id":true}', None, "$.id"),
        (b'{"id":null}', None, "$.id"),
        (b'{"content":"CANARY"}', None, None),
        (b'"CANARY"', None, None),
        (b"17", None, None),
    ],
)
def test_an_invalid_record_is_described_without_its_content(
    record: bytes, record_id: int | None, path: str | None
) -> None:
    body = b'{"data":[{"id":1},' + record + b',{"id":2}]}'
    for place in range(9, len(body), 7):
        good, invalid = decode_in_pieces(cut(body, place), Message)
        assert [message.id for message in good] == [1, 2]
        assert len(invalid) == 1
        assert (invalid[0].raw, invalid[0].id) == (record, record_id)
        assert (invalid[0].error.path, invalid[0].error.record_id) == (path, record_id)
        assert not invalid[0].error.malformed
        assert "CANARY" not in f"{invalid[0]!r} {invalid[0].error} {invalid[0].error!r}"


def test_text_that_is_not_utf_8_is_refused_wherever_it_would_be_handed_out() -> None:
    body = b'{"data":[{"id":1,"created_at":"x"},{"id":2,"other":"\xff"}]}'
    for record_type in (dict, msgspec.Raw):
        _, invalid = decode_in_pieces([body], record_type)
        assert [record.id for record in invalid] == [2]
    records, invalid = decode_in_pieces([body], Narrow)
    assert ([record.id for record in records], invalid) == ([1, 2], [])
