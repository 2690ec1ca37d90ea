"""Bodies inflate to what they were, however they are cut, and are known when they are not whole."""

from __future__ import annotations

import contextlib
import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kauneonga_async import config
from kauneonga_async.errors import ConnectionFailed, DecodeError
from kauneonga_async.transport.body import Inflater, inflater_for
from tests.budget import examples

TEXT = b'{"data":[' + b",".join(b'{"id":%d,"content":"caf\xc3\xa9"}' % n for n in range(200)) + b"]}"


def bare_deflate(data: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(data) + deflate.flush()


def inflate(encoding: str, pieces: list[bytes]) -> bytes:
    inflater = Inflater(encoding)
    found = []
    for piece in pieces:
        inflater.feed(piece)
        while (data := inflater.read()) or not inflater.is_starved:
            assert len(data) <= config.SLICE_BYTES
            found.append(data)
    inflater.finish()
    return b"".join(found)


FORMS = {
    "gzip": ("gzip", gzip.compress(TEXT)),
    "gzip of two members": ("gzip", gzip.compress(TEXT[:900]) + gzip.compress(TEXT[900:])),
    "deflate": ("deflate", zlib.compress(TEXT)),
    "bare deflate": ("deflate", bare_deflate(TEXT)),
}


@pytest.mark.parametrize("form", FORMS)
def test_one_cut_at_every_position_changes_nothing(form: str) -> None:
    encoding, data = FORMS[form]
    for place in range(len(data) + 1):
        assert inflate(encoding, [data[:place], data[place:]]) == TEXT
    assert inflate(encoding, [data[i : i + 1] for i in range(len(data))]) == TEXT


@pytest.mark.parametrize("form", FORMS)
def test_every_byte_that_is_missing_at_the_end_is_missed(form: str) -> None:
    """The trailer of a gzip member included, which aiohttp does not miss."""
    encoding, data = FORMS[form]
    boundary = len(gzip.compress(TEXT[:900])) if "two" in form else -1
    for end in range(1, len(data)):
        if end == boundary:
            continue  # a whole member: only what it holds can tell that another should follow
        with pytest.raises(ConnectionFailed) as caught:
            inflate(encoding, [data[:end]])
        assert caught.value.phase == "body"


@settings(max_examples=examples(200))
@given(place=st.integers(0, len(FORMS["gzip"][1]) - 1), bits=st.integers(1, 255))
def test_a_flipped_bit_never_passes_for_the_text(place: int, bits: int) -> None:
    data = bytearray(FORMS["gzip"][1])
    data[place] ^= bits
    with contextlib.suppress(ConnectionFailed):
        assert inflate("gzip", [bytes(data)]) == TEXT  # in the header's time or name, say


def test_what_follows_a_member_must_be_another() -> None:
    with pytest.raises(ConnectionFailed, match="damaged"):
        inflate("gzip", [gzip.compress(TEXT) + b"garbage"])
    with pytest.raises(ConnectionFailed, match="damaged"):
        inflate("deflate", [zlib.compress(TEXT) + b"garbage"])


def test_a_bomb_comes_out_in_slices() -> None:
    inflater = Inflater("gzip")
    inflater.feed(gzip.compress(bytes(50_000_000)))
    total = 0
    while data := inflater.read():
        assert len(data) <= config.SLICE_BYTES
        total += len(data)
    assert total == 50_000_000


def test_members_of_nothing_without_end_cost_what_they_weigh_and_let_others_have_their_turn() -> None:
    given: list[int] = []

    class Counted(Inflater):
        def _decompress(self, data: memoryview) -> bytes | None:
            given.append(len(data))
            return super()._decompress(data)

    body = gzip.compress(b"") * 13_000 + gzip.compress(TEXT)
    inflater = Counted("gzip")
    inflater.feed(body)
    longest = turns = 0
    found = b""
    while not inflater.is_starved:
        before = len(given)
        found += inflater.read()
        longest = max(longest, len(given) - before)
        turns += 1
    inflater.finish()
    assert found == TEXT
    assert longest <= 200
    assert turns > 50
    # Each member copies what it was given and did not take: all of a slice, it was a gigabyte and more.
    assert sum(given) < 30 * len(body)


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_nothing_is_undone_where_nothing_was_done(encoding: str) -> None:
    assert inflater_for(encoding) is None


def test_an_empty_body_needs_no_inflating() -> None:
    assert inflate("gzip", []) == b""


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress", "x" * 500])
def test_an_encoding_that_was_not_offered_is_refused(encoding: str) -> None:
    with pytest.raises(DecodeError, match="only gzip was offered") as caught:
        inflater_for(encoding)
    assert len(str(caught.value)) < 200
