"""What is told of a record that does not fit: its id and its date where they can be read, and never what it says."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from kauneonga_async.decoding.invalid import LARGEST_ID, describe, explain, is_expressible
from kauneonga_async.errors import DecodeError

FAULT = msgspec.ValidationError("Expected `bool`, got `str` - at `$[0].read`")


def test_it_has_its_id_its_date_and_its_bytes() -> None:
    element = b' {"id":7,"read":"x","created_at":"2025-01-21T22:08:20Z"}\r\n\t'
    found = describe(element, FAULT, "id", "created_at")
    assert (found.id, found.time) == (7, datetime(2025, 1, 21, 22, 8, 20, tzinfo=UTC))
    assert found.raw == element.strip()
    assert str(found.error) == "record 7: Expected `bool`, got `str` at $.read"
    assert (found.error.path, found.error.record_id) == ("$.read", 7)
    assert found.__rich_repr__() == [("id", 7), ("error", found.error)]


@pytest.mark.parametrize("record_id", [1, 2, LARGEST_ID])
def test_an_id_is_a_positive_number_of_64_bits(record_id: int) -> None:
    found = describe(b'{"to_do":{"id":%d}}' % record_id, FAULT, "to_do.id", None)
    assert (found.id, found.time) == (record_id, None)


@pytest.mark.parametrize(
    "record_id", ["0", "-1", str(LARGEST_ID + 1), "9" * 5000, "true", "1.0", '"1"', "null", "[1]", '{"id":1}']
)
def test_another_id_is_told_to_be_unreadable(record_id: str) -> None:
    found = describe(b'{"id":%b}' % record_id.encode(), FAULT, "id", None)
    assert found.id is None
    assert str(found.error) == "record of unreadable id: Expected `bool`, got `str` at $.read"
    assert found.error.record_id is None


@pytest.mark.parametrize(
    "time", [b"null", b"17", b'"yesterday"', b'"2025-01-21T22:08:20"', b'"9999-12-31T23:59:59-05:00"', b"[]"]
)
def test_a_date_that_is_none_is_left_out(time: bytes) -> None:
    assert describe(b'{"id":1,"created_at":%b}' % time, FAULT, "id", "created_at").time is None
    assert describe(b'{"id":1}', FAULT, "id", "created_at").time is None


@pytest.mark.parametrize(
    ("element", "said", "malformed"),
    [
        (b"{", "the body is no valid JSON", True),
        (b"tru", "the body is no valid JSON", True),
        (b"[" * 100_000, "a record is nested too deeply to be read", False),
    ],
)
def test_what_is_no_json_is_no_record(element: bytes, said: str, malformed: bool) -> None:
    with pytest.raises(DecodeError) as caught:
        describe(element, FAULT, "id", None)
    assert (str(caught.value), caught.value.malformed) == (said, malformed)


@pytest.mark.parametrize(
    ("error", "path", "reason"),
    [
        (FAULT, "$.read", "Expected `bool`, got `str`"),
        (msgspec.ValidationError("Expected `int` >= 1 - at `$[0].a.$[0]`"), "$.a.$[0]", "Expected `int` >= 1"),
        (msgspec.ValidationError("Object missing required field `id`"), None, "Object missing required field `id`"),
        (msgspec.ValidationError("Invalid enum value 'CANARY' - at `$.a`"), "$.a", "a value does not fit its type"),
        (UnicodeDecodeError("utf-8", b"CANARY\xff", 6, 7, "CANARY"), None, "it is not valid UTF-8"),
        (
            msgspec.DecodeError("JSON is malformed: CANARY (byte 7)"),
            None,
            "it holds what JSON does not allow, such as NaN or half of a surrogate pair",
        ),
    ],
)
def test_a_reason_is_told_without_what_caused_it(error: Exception, path: str | None, reason: str) -> None:
    assert explain(error) == (path, reason)
    told = str(describe(b'{"id":7}', error, "id", None).error)
    assert told == f"record 7: {reason}" + (f" at {path}" if path else "")


@pytest.mark.parametrize(
    ("time", "is_one"),
    [
        ("2025-01-21T22:08:20Z", True),
        ("0001-01-01T00:00:00+00:00", True),
        ("2025-01-21T22:08:20", False),
        ("9999-12-31T23:59:59-05:00", False),
        ("0001-01-01T00:00:00+05:00", False),
    ],
)
def test_an_instant_is_one_that_utc_can_express(time: str, is_one: bool) -> None:
    assert is_expressible(datetime.fromisoformat(time)) is is_one
    assert not is_expressible(None)
