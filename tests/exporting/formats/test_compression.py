"""Compressed streams."""

from __future__ import annotations

import gzip
import io
import sys

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from kauneonga_async.exporting.formats.compression import COMPRESSIONS, compressor, opened


def compressed(compression: str, pieces: list[bytes]) -> bytes:
    file = io.BytesIO()
    stream = compressor(compression, file.write)
    for piece in pieces:
        stream.write(memoryview(piece))
    stream.finish()
    return file.getvalue()


@pytest.fixture(params=["isal", "zlib"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "isal":
        pytest.importorskip("isal")
    else:
        monkeypatch.setitem(sys.modules, "isal", None)


@pytest.mark.usefixtures("backend")
def test_any_gzip_reads_what_any_backend_wrote() -> None:
    data = compressed("gz", [b"one", b"", b"two" * 100_000])
    assert gzip.decompress(data) == b"one" + b"two" * 100_000
    assert opened(io.BytesIO(data), "gz").read() == b"one" + b"two" * 100_000


@pytest.mark.usefixtures("backend")
def test_gzip_tells_neither_time_nor_name() -> None:
    data = compressed("gz", [b"one"])
    assert data[3:8] == bytes(5)


@pytest.mark.usefixtures("backend")
def test_a_file_that_was_cut_off_is_not_read_as_if_it_were_whole() -> None:
    data = compressed("gz", [b"one" * 1000])
    with pytest.raises(EOFError):
        opened(io.BytesIO(data[:-5]), "gz").read()


def test_zstd_s_frame_has_a_checksum() -> None:
    assert zstandard.get_frame_parameters(compressed("zst", [b"one"])).has_checksum


@pytest.mark.parametrize("compression", COMPRESSIONS)
@given(pieces=st.lists(st.binary()))
def test_what_goes_in_comes_out(compression: str, pieces: list[bytes]) -> None:
    assert opened(io.BytesIO(compressed(compression, pieces)), compression).read() == b"".join(pieces)


def test_without_compression_a_file_is_read_as_it_is() -> None:
    file = io.BytesIO(b"one")
    assert opened(file, None) is file
