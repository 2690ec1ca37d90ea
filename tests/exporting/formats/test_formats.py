"""What is true of every format."""

from __future__ import annotations

import errno
import gzip
import io
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kauneonga_async.decoding import Lines
from kauneonga_async.errors import ConfigurationError
from kauneonga_async.exporting.formats import Format, format_named
from kauneonga_async.exporting.formats.blocks import BLOCK
from tests.budget import examples
from tests.exporting.formats.records import WORLD, as_json, encoded, ids_of, odd

EVERY: dict[str, Callable[[], Format]] = {
    ".jsonl": lambda: format_named("jsonl"),
    ".jsonl.gz": lambda: format_named("jsonl", "gz"),
    ".jsonl.zst": lambda: format_named("jsonl", "zst"),
    ".csv": lambda: format_named("csv"),
    ".csv.gz": lambda: format_named("csv", "gz"),
    ".csv.zst": lambda: format_named("csv", "zst", answers=("zip",)),
    ".parquet": lambda: format_named("parquet"),
}


@pytest.fixture(params=EVERY)
def ending(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def a_format(ending: str) -> Format:
    return EVERY[ending]()


def test_it_says_how_its_files_end_and_what_it_is(ending: str, a_format: Format) -> None:
    assert a_format.ending == ending
    assert a_format.name == ending.split(".")[1]


def test_the_ids_of_a_part_are_read_back_in_their_order(a_format: Format) -> None:
    assert ids_of(a_format, encoded(a_format, WORLD[:3], [], WORLD[3:])) == [1001 + n for n in range(400)]


def test_a_part_of_nothing_holds_no_ids(a_format: Format) -> None:
    assert ids_of(a_format, encoded(a_format)) == []
    assert ids_of(a_format, encoded(a_format, [])) == []


def test_a_buffer_of_lines_is_the_same_as_a_list_of_records(a_format: Format) -> None:
    lines = Lines(memoryview(b"\n".join(WORLD)), len(WORLD))
    assert encoded(a_format, lines) == encoded(a_format, WORLD)


def test_equal_records_make_equal_files(ending: str) -> None:
    assert encoded(EVERY[ending](), WORLD) == encoded(EVERY[ending](), WORLD)


@settings(max_examples=examples(25))
@given(st.lists(odd, max_size=5))
def test_no_record_fails(contents: list[Any]) -> None:
    for make in EVERY.values():
        a_format = make()
        assert ids_of(a_format, encoded(a_format, as_json(contents))) == [content["id"] for content in contents]


def test_records_of_any_size_and_layout_are_taken(a_format: Format) -> None:
    texts = ["", "x" * (BLOCK - 100), "y" * 3 * BLOCK, 'a "quoted",\r\n line' * 20_000]
    records = as_json([{"id": n, "content": text} for n, text in enumerate(texts, 1)])
    records.append(b'{\r\n  "id": 5,\r\n  "content": "indented"\r\n}')
    assert ids_of(a_format, encoded(a_format, records)) == [1, 2, 3, 4, 5]
    assert ids_of(a_format, encoded(a_format, *([record] for record in records))) == [1, 2, 3, 4, 5]


def test_memory_is_bounded_whatever_the_part_s_size(a_format: Format) -> None:
    written = [0]

    def write(data: bytes | memoryview) -> None:
        written[0] += len(data)

    encoder = a_format.encoder(write)
    encoder.add(WORLD)
    tracemalloc.start()
    try:
        for _ in range(40):  # 25 MB
            encoder.add(WORLD)
        encoder.finish()
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()
    assert written[0] > 0


def test_parts_are_encoded_by_several_threads_at_once(a_format: Format) -> None:
    # Each learns something else while the others read.
    parts = [as_json([{"id": n, f"new{n}": n, "zip": n}]) + WORLD for n in range(1, 5)]
    with ThreadPoolExecutor(len(parts)) as pool:
        several = list(pool.map(lambda records: encoded(a_format, records, records), parts))
    alone = [encoded(a_format, records, records) for records in parts]
    if a_format.ending.endswith(".gz"):  # once they differed, and whether in what they hold was not told
        assert [gzip.decompress(part) for part in several] == [gzip.decompress(part) for part in alone]
    assert several == alone


def test_what_writing_raises_comes_out_and_nothing_is_written_afterwards(a_format: Format) -> None:
    calls = []

    def write(data: bytes | memoryview) -> None:
        calls.append(len(data))
        raise OSError(errno.ENOSPC, "No space left on device")

    def encode() -> None:
        encoder = a_format.encoder(write)
        encoder.add(WORLD)
        encoder.finish()

    with pytest.raises(OSError, match="No space left") as caught:
        encode()
    assert caught.value.errno == errno.ENOSPC
    del caught
    assert len(calls) == 1


def test_an_encoder_that_is_dropped_writes_nothing_more(a_format: Format) -> None:
    file = io.BytesIO()
    encoder = a_format.encoder(file.write)
    encoder.add(WORLD)
    size = file.tell()
    del encoder
    assert file.tell() == size


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": "xml"}, "format: 'xml' is none of jsonl, csv, parquet"),
        ({"name": "csv", "compression": "rar"}, "compression: 'rar' is none of gz, zst"),
        ({"name": "parquet", "compression": "gz"}, "compresses its columns itself"),
        ({"name": "jsonl", "answers": ["zip"]}, "answers: only csv"),
    ],
)
def test_what_is_not_there_is_said_at_once(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        format_named(**arguments)


def test_one_string_is_not_taken_for_the_names_of_answers() -> None:
    with pytest.raises(TypeError, match="answers"):
        format_named("csv", answers="zip")


@pytest.mark.parametrize(
    ("module", "arguments", "extra"),
    [("pyarrow", ("parquet", None), "parquet"), ("zstandard", ("jsonl", "zst"), "zstd")],
)
def test_a_missing_extra_is_named(
    module: str, arguments: tuple[str, str | None], extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigurationError, match=rf"pip install 'kauneonga-async\[{extra}\]'"):
        format_named(*arguments)


def test_what_extras_bring_is_loaded_when_it_is_used() -> None:
    code = (
        "import sys; from kauneonga_async.exporting.formats import format_named;"
        "format_named('parquet'), format_named('csv', 'zst'), format_named('jsonl', 'gz');"
        "print([m for m in ('pyarrow', 'zstandard', 'isal') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
