"""In which words a list is refused, and how large what is in it may be."""

from __future__ import annotations

from typing import Any

import pytest

from kauneonga_async import config
from kauneonga_async.decoding import ListDecoder, record_reader
from kauneonga_async.errors import DecodeError

MISSING = "the body is no valid JSON: a record is missing between two commas"


@pytest.mark.parametrize(
    ("body", "said", "malformed"),
    [
        (b'{"data":[{"id":1},{"id":2}', "the body stops in the middle of the list", True),
        (b'{"data":[', "the body stops in the middle of the list", True),
        (b'{"data":17}', '"data" is no list', False),
        (b'{"data":{"id":1}}', '"data" is an object where a list belongs', False),
        (b'{"data":[{"id":1}}', "the body is no valid JSON: the list is closed by another bracket", True),
        (b'{"data":[{"id":1},]}', MISSING, True),
        (b'{"data":[{"id":1},{"id":2},{"id":3}, ]}', MISSING, True),
        (b'{"data":[,]}', MISSING, True),
        (b'{"data":[,{"id":1}]}', MISSING, True),
        (b'{"data":[{"id":1},,{"id":2}]}', MISSING, True),
    ],
)
def test_what_is_no_list_is_refused_in_these_words_however_it_is_cut(body: bytes, said: str, malformed: bool) -> None:
    seen = set()
    for place in range(len(body)):
        decoder: ListDecoder[Any] = ListDecoder(record_reader(dict, "id", None))
        with pytest.raises(DecodeError) as caught:
            for piece in (body[:place], body[place:]):
                decoder.feed(piece)
            decoder.finish()
        assert caught.value.malformed is malformed
        seen.add(str(caught.value))
    # Records that are decoded together are told to be no JSON together.
    assert seen == {said} or (said == MISSING and seen <= {said, "the body is no valid JSON"})


def test_white_space_of_other_languages_is_no_json() -> None:
    decoder: ListDecoder[Any] = ListDecoder(record_reader(dict, "id", None))
    with pytest.raises(DecodeError):
        decoder.feed(b'{"data":[\x0c]}')
        decoder.finish()


@pytest.mark.parametrize("size", [-1, 0, 1])
def test_one_record_may_be_as_large_as_the_limit_and_no_larger(size: int) -> None:
    limit = 2 * config.LARGEST_ENVELOPE
    begin, end = b'{"id":1,"x":"', b'"}'
    record = begin + b"x" * (limit + size - len(begin))
    decoder: ListDecoder[Any] = ListDecoder(record_reader(dict, "id", None), largest_record=limit)
    decoder.feed(b'{"data":[')
    if size > 0:
        with pytest.raises(DecodeError, match="longer than"):
            decoder.feed(record)
        return
    decoder.feed(record)
    batch = decoder.feed(end + b"]}") or decoder.finish()
    assert batch is not None
    assert batch.ids == [1]


@pytest.mark.parametrize("room", [-1, 1])
def test_an_object_in_the_list_s_place_may_be_as_large_as_a_record(room: int) -> None:
    content = b'{"id":1,"x":"' + b"x" * (2 * config.LARGEST_ENVELOPE) + b'"}'
    limit = len(content) + len(b'{"data":}') + room
    decoder: ListDecoder[Any] = ListDecoder(record_reader(dict, "id", None), accept_object=True, largest_record=limit)
    decoder.feed(b'{"data":')
    decoder.feed(content[:20])
    if room < 0:
        with pytest.raises(DecodeError, match=f"more than {limit:,} bytes"):
            decoder.feed(content[20:] + b"}")
        return
    decoder.feed(content[20:] + b"}")
    batch = decoder.finish()
    assert batch is not None
    assert batch.ids == [1]


def test_what_stands_before_the_list_may_be_as_large_as_an_envelope_and_no_larger() -> None:
    decoder: ListDecoder[Any] = ListDecoder(record_reader(dict, "id", None))
    head = b'{"x":"'
    decoder.feed(head + b"y" * (config.LARGEST_ENVELOPE - len(head)))
    with pytest.raises(DecodeError) as caught:
        decoder.feed(b"y")
    assert str(caught.value) in {
        'no "data" within the first 1,048,576 bytes of the body',
        "the body holds more than 1,048,576 bytes that are no record of a list",
    }
    decoder = ListDecoder(record_reader(dict, "id", None))
    with pytest.raises(DecodeError) as caught:
        decoder.feed(head + b"y" * config.LARGEST_ENVELOPE)
    assert str(caught.value) == 'no "data" within the first 1,048,576 bytes of the body'
