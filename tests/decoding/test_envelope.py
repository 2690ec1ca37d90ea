"""What stands around "data": where its value is, and in which words a body is refused that is not as it should be."""

from __future__ import annotations

import pytest

from kauneonga_async.decoding.envelope import Refusal, check_rest, cut_out_data, find_data
from kauneonga_async.errors import DecodeError

PAGE = "the body is an HTML or XML page, not JSON: is base_url right, or a proxy's page in between?"


@pytest.mark.parametrize(
    ("body", "said", "malformed"),
    [
        (b"", "the body is empty", True),
        (b"\xef\xbb\xbf \r\n\t", "the body is empty", True),
        # White space elsewhere, and none in JSON (RFC 8259, 2).
        (b"\x0c", "the body is no JSON object", True),
        (b"\x0b\xc2\xa0", "the body is no JSON object", True),
        (b"\n<?xml?>", PAGE, True),
        (b" [1]", 'the body is a bare list, not an object with "data"', True),
        (b"17", "the body is no JSON object", True),
        (b'{"info":null}', 'the body has no "data"', False),
        (b'{"data":{"id":1', "the body stops short", True),
        (b'{"data":}', "the body is no valid JSON", True),
        (b'{"data": , "success":true}', "the body is no valid JSON", True),
        (b'{"data":1,"data":2}', 'the body has two "data" keys', False),
        (b'{"data":1} {', "the body is no valid JSON, or stops short", True),
        (b'{"data":1,"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "the body is nested too deeply to be read", False),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "the body is nested too deeply to be read", False),
    ],
)
def test_a_body_without_one_data_is_refused_in_these_words(body: bytes, said: str, malformed: bool) -> None:
    with pytest.raises(DecodeError) as caught:
        cut_out_data(body)
    assert (str(caught.value), caught.value.malformed) == (said, malformed)


@pytest.mark.parametrize("rest", [b"}", b',"success":true}', b' , "info" : {"data":2} } '])
@pytest.mark.parametrize("content", [b"{}", b"[]", b"null", b'"}"', b'{"data":[1,2]}', b"\x0c"])
def test_the_value_is_cut_out_as_it_came(content: bytes, rest: bytes) -> None:
    """Whether it is JSON is found out by who decodes it."""
    assert cut_out_data(b'{"count":[0],"data": ' + content + b"\n" + rest) == content


@pytest.mark.parametrize(
    ("info", "told"), [(b'"Invalid token"', "Invalid token"), (b"null", None), (b"[1]", None), (b"1e999", None)]
)
def test_a_refusal_tells_its_info_if_that_is_text(info: bytes, told: str | None) -> None:
    with pytest.raises(Refusal) as caught:
        check_rest(b'{"success":false,"info":' + info + b',"data":', b"}")
    assert caught.value.info == told


@pytest.mark.parametrize("buffer", [b"", b" ", b"\xef\xbb", b"{", b'{"dat', b'{"data"', b'{"data":', b'{"a":[1,2'])
def test_more_is_waited_for_while_the_value_may_still_come(buffer: bytes) -> None:
    assert find_data(buffer) is None
