"""Lists as they are streamed: when their records come out, which bodies are refused, and what a bad record costs."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from kauneonga_async.decoding import ListDecoder, Refusal, record_reader
from kauneonga_async.errors import DecodeError
from kauneonga_async.models import Message
from tests.decoding.reference import (
    Narrow,
    cut,
    decode_in_pieces,
)

RECORD_TYPES = [dict, msgspec.Raw, Message, Narrow]


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


def test_records_that_are_found_by_walking_alone_come_out_as_they_arrive() -> None:
    # A key that is spelt with an escape is nothing to cut by.
    records = [b'{"\\u0069d":%d,"x":"%b"}' % (number, b"x" * 100) for number in range(1, 101)]
    decoder: ListDecoder[Any] = ListDecoder(record_reader(dict, "id", None), largest_record=1000)
    decoder.feed(b'{"data":[')
    ids = [
        record_id for record in records for batch in [decoder.feed(record + b",")] if batch for record_id in batch.ids
    ]
    assert ids == list(range(1, 101))
