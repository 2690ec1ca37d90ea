"""Parquet files, and whether those that read them see what the server wrote."""

from __future__ import annotations

import io
import re
import string
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from kauneonga_async.exporting.formats import format_named
from kauneonga_async.exporting.formats.fields import FIELDS, Kind
from kauneonga_async.exporting.formats.parquet_rows import parquet_row_reader
from kauneonga_async.exporting.formats.parquet_schema import _RFC3339, _are_alike, message_schema, record_batch
from tests.budget import examples
from tests.exporting.formats.records import NO_TIMES, TIMES, WORLD, as_json, encoded, odd, well_made


def table_of(*records: bytes) -> pa.Table:
    return parquet.read_table(io.BytesIO(encoded(format_named("parquet"), records)))


def row_of(**fields: Any) -> dict[str, Any]:
    """Return what is not null of a record, whose id is 1."""
    return seen(table_of(*as_json([{"id": 1, **fields}])).to_pylist()[0])


def seen(row: dict[str, Any]) -> dict[str, Any]:
    row = {name: value for name, value in row.items() if value is not None}
    return {**row, "_extra": msgspec.json.decode(row["_extra"])} if "_extra" in row else row


def test_a_record_s_values_are_in_their_columns() -> None:
    row = table_of(WORLD[0]).to_pylist()[0]
    row["answers"] = dict(row["answers"])
    record = msgspec.json.decode(WORLD[0])
    for name, kind in FIELDS.items():
        value = record.get(name)
        if kind is Kind.INSTANT and value is not None:
            value = datetime.fromisoformat(value)
        assert row[name] == value, name
    assert row["_extra"] is None


@pytest.mark.parametrize("records", [[], [b'{"id":1}'], WORLD], ids=["nothing", "an id", "whole messages"])
def test_the_schema_is_the_same_whatever_is_in_it(records: list[bytes]) -> None:
    assert table_of(*records).schema == message_schema()


def test_the_schema_has_a_column_for_every_field_and_one_for_the_rest() -> None:
    schema = message_schema()
    assert schema.names == [*FIELDS, "_extra"]
    assert schema.field("id").type == pa.int64()
    assert schema.field("created_at").type == pa.timestamp("us", "UTC")
    assert schema.field("answers").type == pa.map_(pa.string(), pa.string())
    assert schema.field("user_id").type == pa.string()


@pytest.mark.parametrize("text", TIMES)
def test_a_time_is_the_instant_that_the_server_meant(text: str) -> None:
    assert row_of(send_at=text) == {"id": 1, "send_at": datetime.fromisoformat(text).astimezone(UTC)}


@pytest.mark.parametrize("text", NO_TIMES)
def test_what_is_no_time_to_the_microsecond_is_kept_as_it_is(text: str) -> None:
    assert row_of(send_at=text) == {"id": 1, "_extra": {"send_at": text}}


@given(
    st.datetimes(timezones=st.timezones()).map(lambda time: time.isoformat())
    | st.from_regex(
        r"\A[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{1,7})?(Z|[+-][0-2][0-9]:[0-6][0-9])\Z"
    )
)
def test_a_time_is_the_same_alone_and_among_others(text: str) -> None:
    alone, among = (
        as_json([{"id": 1, "send_at": text}]),
        as_json([{"id": 1, "send_at": text}, {"id": 2, "send_at": ""}]),
    )
    assert table_of(*alone).to_pylist()[0] == table_of(*among).to_pylist()[0]


def test_times_of_one_pattern_are_such_as_the_expression_lets_pass() -> None:
    for good in ("2025-03-01T10:20:30.456Z", "2025-03-01T10:20:30Z"):
        assert _are_alike([good, None, good.replace("2025", "1999")])
        for place, text in product(range(len(good)), (*string.printable, "\u0663", "")):
            other = good[:place] + text + good[place + 1 :]
            fits = re.fullmatch(_RFC3339, other, re.ASCII) is not None
            assert _are_alike([good, other]) == (fits and len(other) == len(good)), other
    assert not _are_alike(["2025-03-01T10:20:30+02:00"] * 2)


def test_answers_of_one_form_and_of_many_are_each_record_s_own() -> None:
    answers: list[dict[str, str] | None] = [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    others: list[list[dict[str, str] | None]] = [
        [],
        [{"b": "5", "a": "6"}],
        [{"a": "7"}, {"b": "8"}],
        [None],
        [{}],
        [{"a": "9", "b": "0"}] * 1000,
    ]
    for more in others:
        rows = [*answers, *more]
        table = table_of(*as_json([{"id": 1, "answers": row} for row in rows]))
        assert [None if row is None else dict(row) for row in table["answers"].to_pylist()] == rows


@pytest.mark.parametrize(
    ("fields", "row"),
    [
        ({"account_id": 2**63 - 1}, {"account_id": 2**63 - 1}),
        ({"account_id": 2**63}, {"_extra": {"account_id": 2**63}}),
        ({"account_id": 4.0}, {"_extra": {"account_id": 4.0}}),
        ({"read": 1}, {"_extra": {"read": 1}}),
        ({"zip": 12720}, {"_extra": {"zip": 12720}}),
        ({"note": ["a", {"b": None}]}, {"_extra": {"note": ["a", {"b": None}]}}),
        ({"user_id": 7}, {"user_id": "7"}),
        ({"user_id": "seven"}, {"user_id": "seven"}),
        ({"user_id": {"id": 7}}, {"_extra": {"user_id": {"id": 7}}}),
        ({"klass_names": ["a", "b"]}, {"klass_names": '["a","b"]'}),
        ({"answers": {}}, {"answers": []}),
        ({"answers": {"a": "b", "c": None}}, {"answers": [("a", "b"), ("c", None)]}),
        ({"answers": {"n": 1.50, "o": {"p": [True]}}}, {"answers": [("n", "1.5"), ("o", '{"p":[true]}')]}),
        ({"answers": ["none"]}, {"_extra": {"answers": ["none"]}}),
        ({"priority": None}, {"_extra": {"priority": None}}),
        ({"_extra": 1, 'a "b"\\\n': 2}, {"_extra": {"_extra": 1, 'a "b"\\\n': 2}}),
    ],
)
def test_every_value_has_its_place(fields: dict[str, Any], row: dict[str, Any]) -> None:
    assert row_of(**fields) == {"id": 1, **row}


@pytest.mark.parametrize(
    ("record", "row"),
    [
        (b'{"id":1,"note":"a","note":"b"}', {"id": 1, "note": "b"}),
        (b'{"id":1,"note":7,"note":"b"}', {"id": 1, "note": "b"}),
        (b'{"id":1,"x":1,"x":2}', {"id": 1, "_extra": {"x": 2}}),
        (b'{"id":1,"answers":{"a":"b","a":"c"}}', {"id": 1, "answers": [("a", "c")]}),
        (b'{"id":1,"n\\u006fte":"b"}', {"id": 1, "note": "b"}),
        (b'{ "id" : 1 ,\r "note" : "b" }', {"id": 1, "note": "b"}),
        (b'{"id":-0}', {"id": 0}),
    ],
)
def test_json_is_read_as_json_is_however_it_is_spelt(record: bytes, row: dict[str, Any]) -> None:
    assert seen(table_of(record).to_pylist()[0]) == row


@pytest.mark.parametrize(
    "record",
    [
        b'{"id":1,"note":"half \\ud83d of a pair"}',
        b'{"id":1,"\\ud83d":2}',
        b'{"id":1,"x":NaN}',
        b'{"id":1,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=["half a pair", "half a pair in a name", "not a number", "deep"],
)
def test_a_record_that_cannot_be_taken_apart_is_kept_whole(record: bytes) -> None:
    rows = table_of(b'{"id":2,"note":"b"}', record).to_pylist()
    assert seen(rows[0]) == {"id": 2, "note": "b"}
    assert rows[1]["_extra"] == record.decode()
    assert rows[1]["id"] in (1, None)  # beyond reason, not even the id is read


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.lists(well_made | odd, min_size=1, max_size=3), min_size=1, max_size=3))
def test_what_is_read_fast_is_what_is_read_record_by_record(blocks: list[list[Any]]) -> None:
    learning, schema = parquet_row_reader(), message_schema()
    for contents in blocks:
        block = b"\n".join(as_json(contents)) + b"\n"
        slow = record_batch(parquet_row_reader()._read_slowly(block), schema)
        for _ in range(2):
            assert record_batch(learning.read(block), schema).to_pylist() == slow.to_pylist()


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(odd, min_size=1, max_size=4))
def test_nothing_is_lost(contents: list[dict[str, Any]]) -> None:
    for row, content in zip(table_of(*as_json(contents)).to_pylist(), contents, strict=True):
        extra = msgspec.json.decode(row.pop("_extra") or "{}", type=dict[str, msgspec.Raw])
        kept = {**{name: msgspec.json.decode(value) for name, value in extra.items()}}
        for name, value in content.items():
            if name in extra:
                assert kept[name] == msgspec.json.decode(as_json([value])[0])
                assert row.get(name) is None
            elif name in FIELDS and FIELDS[name] in (Kind.TEXT, Kind.NUMBER, Kind.FLAG):
                assert row[name] == value
            else:
                assert (row[name] is None) == (value is None)


def test_after_a_while_what_no_model_knows_is_read_as_fast_as_the_rest() -> None:
    reader = parquet_row_reader()
    block = as_json([{"id": 1, "priority": 3, "zip": 12720, "tags": ["a"]}])[0]
    reader.read(block)
    reader._read_slowly = None  # type: ignore[assignment, method-assign]
    rows = reader.read(block)
    assert rows.extras() == ['{"priority":3,"tags":["a"],"zip":12720}']


def test_a_server_with_no_end_of_names_does_not_make_the_reader_grow() -> None:
    reader = parquet_row_reader()
    for number in range(300):
        rows = reader.read(as_json([{"id": 1, f"name{number}": number}])[0])
        assert rows.extras() == [f'{{"name{number}":{number}}}']
    assert len(reader._shape.unknown) == 100


def test_row_groups_are_bounded() -> None:
    records = WORLD * 80
    file = parquet.ParquetFile(io.BytesIO(encoded(format_named("parquet"), *([WORLD] * 80))))
    assert file.metadata.num_rows == len(records)
    size = sum(map(len, records)) / file.num_row_groups
    assert 4 * 1024 * 1024 * 0.8 < size < 5 * 1024 * 1024
    assert {file.metadata.row_group(0).column(n).compression for n in range(len(FIELDS))} == {"ZSTD"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "messages.parquet"
    path.write_bytes(encoded(format_named("parquet"), WORLD[:3], as_json([{"id": 5, "priority": 1}])))
    return path


def test_duckdb_reads_it(path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    query = (
        "select id, answers['urgent'], extract(epoch from created_at), _extra->>'priority' "
        f"from read_parquet('{path}') order by id"
    )
    rows = duckdb.connect().execute(query).fetchall()
    created = datetime.fromisoformat(msgspec.json.decode(WORLD[0])["created_at"])
    assert rows[0] == (5, None, None, "1")
    assert rows[1] == (1001, "Yes", pytest.approx(created.timestamp()), None)
    assert len(rows) == 4


def test_pandas_reads_it(path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_parquet(path)
    assert list(frame["id"]) == [1001, 1002, 1003, 5]
    assert frame["created_at"][0] == datetime.fromisoformat(msgspec.json.decode(WORLD[0])["created_at"])
    assert dict(frame["answers"][0])["urgent"] == "Yes"


def test_polars_reads_it(path: Path) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.read_parquet(path)
    assert frame["id"].to_list() == [1001, 1002, 1003, 5]
    assert frame["created_at"][0] == datetime.fromisoformat(msgspec.json.decode(WORLD[0])["created_at"])
    answers = frame["answers"][0]
    if not isinstance(answers, dict):  # before polars 2, which knows maps
        answers = {pair["key"]: pair["value"] for pair in answers}
    assert answers["urgent"] == "Yes"
