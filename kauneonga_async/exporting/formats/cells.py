"""Cells: values -> the text of CSV cells, which no spreadsheet runs as a formula; and back. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["defused", "quoted", "restore_cell", "text_cells"]

_DANGEROUS = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"  # the last four: = + - @ in full width
_DEFUSED = re.compile(f"[{_DANGEROUS}']")
_ANY_DEFUSED = re.compile(f"\0[{_DANGEROUS}']")
_PHONE_NUMBER = re.compile(r"\+?[\d ().-]+", re.ASCII)
_QUOTED = re.compile('[",\r\n]')


def restore_cell(text: str) -> str:
    """Return what the server wrote, from a text cell of an exported CSV file.

    In a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab, a line break, or the full-width form of one of these,
    and is no phone number, an apostrophe stands before the text, so that no spreadsheet takes it for a formula. Text
    that itself begins with an apostrophe has one more: to take off one is always right.
    """
    return text.removeprefix("'")


def text_cells(texts: Sequence[str | None]) -> Sequence[str | None]:
    """Return texts without formulas; see restore_cell.

    Raises:
        TypeError: One of them is no text.
    """
    # One look at all of them costs less than one at each, and mostly there are none.
    if not _ANY_DEFUSED.search("\0" + "\0".join([text for text in texts if text is not None])):
        return texts
    return [text if text is None else defused(text) for text in texts]


def quoted(cells: Sequence[str | None]) -> Sequence[str]:
    """Return cells as they stand in a file: null is nothing, and empty text a pair of quotation marks."""
    together = "\0".join(filter(None, cells))
    if not _QUOTED.search(together):
        return ["" if cell is None else cell or '""' for cell in cells]
    return ["" if cell is None else _quoted(cell) for cell in cells]


def defused(text: str) -> str:
    """Return text as no formula; see restore_cell."""
    return "'" + text if _DEFUSED.match(text) and not _PHONE_NUMBER.fullmatch(text) else text


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if not cell or _QUOTED.search(cell) else cell
