"""CSV files, as the csv module and spreadsheets read them."""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kauneonga_async.exporting.formats import format_named, restore_cell
from kauneonga_async.exporting.formats.fields import FIELDS, Kind
from tests.budget import examples
from tests.exporting.formats.records import NO_TIMES, WORLD, as_json, encoded, ids_of, odd

COLUMNS = [*FIELDS, "_extra"]


def part_of(*contents: Any, answers: tuple[str, ...] = ()) -> bytes:
    return encoded(format_named("csv", answers=answers), as_json(contents))


def rows_of(part: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(part.decode("utf-8-sig"), newline=""), strict=True))


def row_of(**fields: Any) -> dict[str, str]:
    """Return the cells that are not empty of a record, whose id is 1."""
    header, row = rows_of(part_of({"id": 1, **fields}))
    cells = {name: cell for name, cell in zip(header, row, strict=True) if cell}
    assert cells.pop("id") == "1"
    return cells


@pytest.mark.parametrize("records", [[], [b'{"id":1,"new":2}'], WORLD], ids=["nothing", "an id", "whole messages"])
def test_the_columns_are_the_same_whatever_is_in_them(records: list[bytes]) -> None:
    rows = rows_of(encoded(format_named("csv"), records))
    assert rows[0] == COLUMNS
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert len(rows) == len(records) + 1


def test_spreadsheets_are_told_that_it_is_utf_8_and_lines_end_as_the_rfc_says() -> None:
    part = part_of({"id": 1, "city": "Zürich"})
    assert part.startswith(b"\xef\xbb\xbfid,read,")
    assert part.endswith(b"\r\n")
    assert part.count(b"\n") == part.count(b"\r\n") == 2
    assert "Zürich".encode() in part


def test_answers_asked_for_have_columns_before_those_that_are_left() -> None:
    header = rows_of(part_of(answers=("name", "phone", "name")))[0]
    place = header.index("answers")
    assert header[place - 2 : place + 1] == ["answers.name", "answers.phone", "answers"]
    assert [name for name in header if not name.startswith("answers.")] == COLUMNS


def test_answers_that_nobody_asked_for_stay_together_as_the_server_wrote_them() -> None:
    record = b'{"id":1,"answers":{"name": "Ann", "age":7.0}}'
    row = rows_of(encoded(format_named("csv"), [record]))[1]
    assert row[COLUMNS.index("answers")] == '{"name": "Ann", "age":7.0}'


@pytest.mark.parametrize(
    ("answers", "cells"),
    [
        ({"name": "Ann", "age": 7}, {"answers.name": "Ann", "answers": '{"age":7}'}),
        ({"name": "Ann"}, {"answers.name": "Ann", "answers": "{}"}),
        ({"name": {"first": "Ann"}}, {"answers.name": '{"first":"Ann"}', "answers": "{}"}),
        ({"name": None}, {"answers": '{"name":null}'}),
        ({"name": "=1"}, {"answers.name": "'=1", "answers": "{}"}),
        ({}, {"answers": "{}"}),
        (None, {}),
        (["a"], {"answers": '["a"]'}),
        ("text", {"answers": '"text"'}),
    ],
)
def test_answers_are_where_they_were_asked_for(answers: Any, cells: dict[str, str]) -> None:
    header, row = rows_of(part_of({"id": 1, "answers": answers}, answers=("name",)))
    assert {name: cell for name, cell in zip(header, row, strict=True) if cell} == {"id": "1", **cells}


@pytest.mark.parametrize(
    ("fields", "cells"),
    [
        ({"read": True, "is_emergency": False}, {"read": "true", "is_emergency": "false"}),
        ({"created_at": "2025-01-21T22:08:20.671Z"}, {"created_at": "2025-01-21T22:08:20.671Z"}),
        ({"account_id": -5}, {"account_id": "-5"}),
        ({"account_id": 10**30, "zip": 7, "read": "yes"}, {"account_id": str(10**30), "zip": "7", "read": "yes"}),
        ({"user_id": 1.50, "note": [1, "a"]}, {"user_id": "1.5", "note": '[1,"a"]'}),
        ({"klass_names": ["a", "b"]}, {"klass_names": '["a","b"]'}),
        ({"priority": 3, "é": None}, {"_extra": '{"priority":3,"é":null}'}),
    ],
)
def test_values_are_spelt_as_in_json(fields: dict[str, Any], cells: dict[str, str]) -> None:
    assert row_of(**fields) == cells


@pytest.mark.parametrize("text", NO_TIMES)
def test_times_are_as_the_server_wrote_them(text: str) -> None:
    assert row_of(created_at=text) == ({"created_at": text} if text else {})


def test_empty_text_and_null_are_told_apart_by_who_looks_at_quotation_marks() -> None:
    assert b'1,,"",,,,,,' in part_of({"id": 1, "read": None, "pbx_name": "", "phone_number": None})


def test_a_record_that_cannot_be_taken_apart_is_kept_whole() -> None:
    record = b'{"id":1,"note":"half \\ud83d of a pair"}'
    part = encoded(format_named("csv"), [b'{"id":2}', record])
    assert rows_of(part)[2][-1] == record.decode()
    assert ids_of(format_named("csv"), part) == [2, 1]


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(odd, max_size=4))
def test_every_text_is_restored(contents: list[dict[str, Any]]) -> None:
    part = part_of(*contents)
    for row, content in zip(rows_of(part)[1:], contents, strict=True):
        cells = dict(zip(COLUMNS, row, strict=True))
        for name, value in content.items():
            if name not in FIELDS:
                assert name in msgspec.json.decode(cells["_extra"])
            elif isinstance(value, str) and FIELDS[name] is not Kind.ANSWERS:
                assert restore_cell(cells[name]) == value
            elif value is not None:
                assert cells[name] == as_json([value])[0].decode()
            else:
                assert cells[name] == ""
    assert ids_of(format_named("csv"), part) == [content["id"] for content in contents]


def test_fields_of_any_size_are_read_back() -> None:
    part = part_of({"id": 1, "note": '"\r\n,' * 900_000}, {"id": 2})
    assert ids_of(format_named("csv"), part) == [1, 2]
