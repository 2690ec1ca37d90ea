"""Cells that spreadsheets would run."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kauneonga_async.exporting.formats.cells import defused, quoted, restore_cell, text_cells

FORMULAS = [
    "=1+1",
    "@SUM(A1)",
    "+A1",
    "-A1",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1",
    "\uff0b1A",
    "\uff0dA",
    "\uff20A",
    "=",
    "+1 305\n=1",
    "+1\0=1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_could_be_a_formula_is_defused(text: str) -> None:
    assert text_cells(["plain", text]) == ["plain", "'" + text]


@pytest.mark.parametrize("text", ["+1 (305) 555-0100", "-305.555", "+1", "(305) 5550100", "a=b", " =1", "", "7"])
def test_phone_numbers_and_other_text_are_left_alone(text: str) -> None:
    assert text_cells([text]) == [text]
    assert text_cells(["=1", text]) == ["'=1", text]


def test_numbers_of_other_scripts_are_no_phone_numbers() -> None:
    assert defused("+١٢") == "'+١٢"


@given(st.lists(st.none() | st.text() | st.sampled_from(FORMULAS)))
@example(["'", "''=1", "\0"])
def test_taking_off_one_apostrophe_is_always_right(texts: list[str | None]) -> None:
    cells = text_cells(texts)
    assert [None if cell is None else restore_cell(cell) for cell in cells] == texts
    assert list(cells) == [None if text is None else defused(text) for text in texts]


def test_quotation_marks_stand_where_they_are_needed_and_around_nothing() -> None:
    assert quoted(["a", None, ""]) == ["a", "", '""']
    assert quoted(["a,b", None, "", 'a"b', "a\nb", "a"]) == ['"a,b"', "", '""', '"a""b"', '"a\nb"', "a"]
