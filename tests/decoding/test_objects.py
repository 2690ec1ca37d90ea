"""A body whose "data" is one object: read, refused, or described."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kauneonga_async.decoding import InvalidRecord, Refusal, object_reader
from kauneonga_async.errors import DecodeError
from kauneonga_async.models import Message
from tests.data import example


def test_the_example_is_read_as_any_type() -> None:
    body = example("message")
    content = msgspec.json.decode(body)["data"]
    assert object_reader(Message).read(body) == msgspec.convert(content, Message)
    assert object_reader(dict).read(body) == content
    raw: Any = object_reader(msgspec.Raw).read(body)
    assert msgspec.json.decode(bytes(raw)) == content


@pytest.mark.parametrize("record_type", [Message, dict, msgspec.Raw])
def test_text_of_any_language_is_read(record_type: Any) -> None:
    found: Any = object_reader(record_type).read('{"data":{"id":1,"content":"Kāneohe 😀"}}'.encode())
    assert msgspec.json.decode(msgspec.json.encode(found))["content"] == "Kāneohe 😀"


def test_a_byte_order_mark_is_read_over() -> None:
    assert object_reader(dict).read(b'\xef\xbb\xbf{"data":{"id":1}}') == {"id": 1}


@pytest.mark.parametrize("record_type", [Message, dict, msgspec.Raw])
@pytest.mark.parametrize(
    ("body", "said", "malformed"),
    [
        (b"", "empty", True),
        (b"<!DOCTYPE html><html>Please log in</html>", "HTML", True),
        (b"[]", "bare list", True),
        (b'"text"', "no JSON object", True),
        (b'{"data":{"id":1}', "stops short", True),
        (b'{"data":{"id":1}}}', "valid JSON", True),
        (b'{"data":{"id":1,"content":tru}}', "valid JSON", True),
        (b'{"data":[]}', "a list where an object belongs", False),
        (b'{"data":[{"id":1}]}', "a list where an object belongs", False),
        (b'{"data":null}', "no object where an object belongs", False),
        (b'{"id":1}', 'no "data"', False),
        (b'{"data":' + b'{"a":' * 100_000, "nested too deeply", False),
    ],
)
def test_what_is_no_object_is_named(record_type: Any, body: bytes, said: str, malformed: bool) -> None:
    with pytest.raises(DecodeError, match=said) as caught:
        object_reader(record_type).read(body)
    assert caught.value.malformed is malformed


@pytest.mark.parametrize("record_type", [Message, dict, msgspec.Raw])
def test_success_false_is_a_refusal(record_type: Any) -> None:
    for body in (example("invalid_token"), b'{"data":{"id":1},"success":false,"info":"Invalid token"}'):
        with pytest.raises(Refusal) as caught:
            object_reader(record_type).read(body)
        assert caught.value.info == "Invalid token"


@pytest.mark.parametrize(
    "record", [b'{"id":7,"read":"CANARY"}', b'{"id":7,"content":"\xff"}', b'{"id":7,"note":"\\ud800"}']
)
def test_an_object_that_does_not_fit_is_described(record: bytes) -> None:
    found = object_reader(Message).read(b'{"data":' + record + b"}")
    assert isinstance(found, InvalidRecord)
    assert (found.id, found.raw) == (7, record)
    assert "CANARY" not in repr(found)


def test_bytes_that_are_no_text_are_not_handed_out() -> None:
    found = object_reader(msgspec.Raw).read(b'{"data":{"id":7,"content":"\xff"}}')
    assert isinstance(found, InvalidRecord)
    assert str(found.error) == "record 7: it is not valid UTF-8"


def test_a_type_that_cannot_be_decoded_to_is_refused() -> None:
    with pytest.raises(TypeError):
        object_reader(int | float | dict[str, int] | dict[int, str])
