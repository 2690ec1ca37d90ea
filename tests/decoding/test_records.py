"""Ids and dates: from a record's own attributes where it has them, else from its bytes, and always the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import pytest

from kauneonga_async.decoding import RecordReader, explain
from kauneonga_async.decoding.records import check_text
from kauneonga_async.errors import DecodeError
from kauneonga_async.models import Message

TIME = datetime(2025, 1, 21, 22, 8, 20, 671000, tzinfo=UTC)
DOCUMENT = b'[{"id":5,"created_at":"2025-01-21T22:08:20.671Z","content":"x"}]'


class WithBoth(msgspec.Struct):
    id: int
    created_at: datetime | None = None


class Renamed(msgspec.Struct, rename={"key": "id", "when": "created_at"}):
    key: Annotated[int, msgspec.Meta(ge=1)]
    when: datetime


class WithNeither(msgspec.Struct):
    content: str


class TextTime(msgspec.Struct):
    id: int
    created_at: str


@pytest.mark.parametrize("record_type", [Message, WithBoth, Renamed, WithNeither, TextTime, dict, msgspec.Raw])
def test_any_type_has_its_id_and_its_date(record_type: Any) -> None:
    batch = RecordReader[Any](record_type, time_field="created_at").read(DOCUMENT, trusted=True)
    assert (batch.ids, batch.times) == ([5], [TIME])


@pytest.mark.parametrize("record_type", [Message, WithBoth, Renamed, WithNeither, TextTime, dict, msgspec.Raw])
@pytest.mark.parametrize(
    "created_at",
    [b'"2025-01-21T22:08:20"', b"null", b'"yesterday"', b'""', b"17", b'"9999-12-31T23:59:59-05:00"',
     b'"0001-01-01T00:00:00+05:00"', b'"2016-12-31T23:59:60Z"', b'"2025-02-30T00:00:00Z"'],
)  # fmt: skip
def test_a_dated_record_without_a_readable_date_is_invalid(record_type: Any, created_at: bytes) -> None:
    document = b'[{"id":4,"created_at":"2025-01-21T22:08:20Z","content":"y"},{"id":5,"content":"x","created_at":%b}]'
    batch = RecordReader[Any](record_type, time_field="created_at").read(document % created_at, trusted=True)
    assert batch.ids == [4]
    assert [(bad.id, bad.time) for bad in batch.invalid] == [(5, None)]


def test_another_date_field_may_be_asked_for() -> None:
    document = b'[{"id":5,"created_at":"2020-01-01T00:00:00Z","updated_at":"2025-01-21T22:08:20.671Z"}]'
    assert RecordReader[Any](Message, time_field="updated_at").read(document, trusted=True).times == [TIME]
    assert RecordReader[Any](dict, time_field="updated_at").read(document, trusted=True).times == [TIME]


def test_an_invalid_record_keeps_the_date_that_can_be_read() -> None:
    document = b'[{"id":5,"read":7,"created_at":"2025-01-21T22:08:20.671Z"}]'
    (bad,) = RecordReader[Any](Message, time_field="created_at").read(document, trusted=True).invalid
    assert (bad.id, bad.time, bad.error.path) == (5, TIME, "$.read")


@pytest.mark.parametrize("record_type", [WithBoth, dict])
@pytest.mark.parametrize("record_id", [b"0", b"-3", b"9223372036854775808"])
def test_an_id_is_checked_for_types_that_do_not_check_it(record_type: Any, record_id: bytes) -> None:
    batch = RecordReader[Any](record_type).read(b'[{"id":%b}]' % record_id, trusted=True)
    assert (batch.ids, len(batch.invalid)) == ([], 1)


def test_nested_ids_are_found() -> None:
    reader = RecordReader[Any](dict, id_path="to_do.id")
    assert reader.read(b'[{"to_do":{"id":9}}]', trusted=True).ids == [9]
    assert reader.read(b'[{"to_do":{}}]', trusted=True).invalid[0].id is None


def test_what_is_no_json_is_not_salvaged() -> None:
    for trusted_document in (b'[{"id":5},{"id":}]', b'[{"id":5} {"id":6}]', b"[{]"):
        with pytest.raises(DecodeError) as caught:
            RecordReader[Any](Message).read(trusted_document, trusted=True)
        assert caught.value.malformed


def test_what_fits_and_what_does_not_are_counted_and_dated_each() -> None:
    good = b'{"id":%d,"created_at":"2025-01-21T22:08:20.671Z"}'
    document = b'[%b,{"id":6,"read":7},%b]' % (good % 5, good % 7)
    batch = RecordReader[Any](Message, time_field="created_at").read(document, trusted=True)
    assert (batch.ids, batch.times, batch.span) == ([5, 7], [TIME, TIME], (TIME, TIME))
    assert (len(batch), [bad.id for bad in batch.invalid]) == (3, [6])


def test_a_date_that_utc_cannot_express_is_told_of_in_these_words() -> None:
    document = b'[{"id":5,"created_at":"9999-12-31T23:59:59-05:00"}]'
    (bad,) = RecordReader[Any](dict, time_field="created_at").read(document, trusted=True).invalid
    assert str(bad.error) == "record 5: Datetime is out of range at $.created_at"


def test_nesting_beyond_reason_is_told_of_in_these_words() -> None:
    document = b'[{"id":5},{"id":6,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}]"
    with pytest.raises(DecodeError) as caught:
        RecordReader[Any](dict).read(document, trusted=True)
    assert str(caught.value) == "the body is nested too deeply to be read"


LENGTH = 13_000  # some blocks of what is looked at together


@pytest.mark.parametrize("step", [700, 4096, 9000])
def test_characters_of_any_length_stand_anywhere(step: int) -> None:
    for character in ("é", "€", "😀"):
        for begin in range(step - 4, step + 2):
            text = bytearray(b"x" * LENGTH)
            for place in range(begin, LENGTH - 4, step):
                text[place : place + len(character.encode())] = character.encode()
            check_text(bytes(text))


def test_characters_stand_at_the_beginning_and_far_from_it() -> None:
    check_text("é".encode() + b"x" * LENGTH + "é".encode() + b"x" * LENGTH)


def test_a_byte_that_is_no_text_is_found_wherever_it_stands() -> None:
    for place in range(LENGTH):
        text = bytearray(b"x" * LENGTH)
        text[place] = 0xFF
        with pytest.raises(UnicodeDecodeError):
            check_text(bytes(text))


class Choice(msgspec.Struct):
    status: Annotated[str, msgspec.Meta(pattern="^x")]


@pytest.mark.parametrize(
    ("document", "record_type", "path", "reason"),
    [
        (b'{"id":"a"}', Message, "$.id", "Expected `int`, got `str`"),
        (b"{}", Message, None, "Object missing required field `id`"),
        (b'{"id":0}', Message, "$.id", "Expected `int` >= 1"),
        (b'{"id":1,"created_at":"x"}', Message, "$.created_at", "Invalid RFC3339 encoded datetime"),
        (b'{"status":"CANARY"}', Choice, "$.status", "a value does not fit its type"),
    ],
)
def test_explanations_do_not_echo_values(document: bytes, record_type: Any, path: str | None, reason: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(document, type=record_type)
    assert explain(caught.value) == (path, reason)
