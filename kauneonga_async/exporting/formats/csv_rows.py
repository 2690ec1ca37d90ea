"""CSV's rows: messages -> the values of their cells, column by column. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from kauneonga_async.exporting.formats.cells import defused, text_cells
from kauneonga_async.exporting.formats.fields import EXTRA, FIELDS, Kind
from kauneonga_async.exporting.formats.rows import Field, RowReader

__all__ = ["CsvRows"]

Cells = Sequence[str | None]

_INT64: Any = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_TYPES: dict[Kind, Any] = {
    Kind.TEXT: str | None,
    Kind.NUMBER: _INT64 | None,
    Kind.FLAG: bool | None,
    Kind.INSTANT: str | None,
    Kind.LOOSE: _INT64 | str | None,
}
_text = msgspec.json.Decoder(str | None)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


class CsvRows:
    """Makes cells of messages. It may be used by several threads at once.

    Args:
        answers: The answers that have a column of their own.

    Attributes:
        columns: The names of the columns, in their order.
    """

    def __init__(self, answers: Sequence[str]) -> None:
        self._answers = tuple(dict.fromkeys(answers))
        names: list[str] = []
        for name, kind in FIELDS.items():
            if kind is Kind.ANSWERS:
                names += [f"{name}.{answer}" for answer in self._answers]
            names.append(name)
        self.columns: tuple[str, ...] = (*names, EXTRA)
        fields = {name: Field(_TYPES[kind], _value) for name, kind in FIELDS.items() if kind in _TYPES}
        apart = Field(dict[str, msgspec.Raw] | None, _apart) if self._answers else Field(msgspec.Raw, msgspec.Raw)
        self._reader = RowReader({name: fields.get(name, apart) for name in FIELDS})

    def cells(self, block: bytes) -> list[Cells]:
        """Return the columns' cells, for a block of lines."""
        rows = self._reader.read(block)
        columns: list[Cells] = []
        for name, kind in FIELDS.items():
            values = rows.columns[name]
            if kind is Kind.ANSWERS:
                columns += self._answers_cells(values)
            else:
                columns.append(_cells(values))
        columns.append(rows.extras())
        return columns

    def _answers_cells(self, values: Sequence[Any]) -> list[Cells]:
        """Return a column for each of the answers asked for, and one for the rest."""
        asked: list[list[str | bytes | None]] = [[] for _ in self._answers]
        rest: list[bytes | None] = []
        for value in values:
            others = value
            if isinstance(value, dict):
                for name, column in zip(self._answers, asked, strict=True):
                    answer = _value(value.get(name, b"null"))
                    column.append(answer)
                    if answer is not None:
                        del value[name]
                others = _joined(value)
            else:
                for column in asked:
                    column.append(None)
            rest.append(None if others is None or bytes(others) == b"null" else bytes(others))
        return [*map(_cells, asked), _cells(rest)]


def _value(value: bytes) -> str | bytes | None:
    """Return text, or what is not text as its JSON."""
    raw = bytes(value)
    return _text.decode(raw) if raw.startswith((b'"', b"n")) else raw


def _apart(value: bytes) -> dict[str, msgspec.Raw] | bytes:
    """Return answers one by one, or, of what is no object, the JSON."""
    try:
        return _members.decode(value)
    except msgspec.ValidationError:
        return bytes(value)


def _joined(members: Mapping[str, bytes]) -> bytes:
    return b"{" + b",".join(msgspec.json.encode(name) + b":" + value for name, value in members.items()) + b"}"


def _cells(values: Sequence[Any]) -> Cells:
    try:
        return text_cells(values)
    except TypeError:  # not all of them are text
        return [_cell(value) for value in values]


def _cell(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return defused(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return _FLAGS[value] if isinstance(value, bool) else str(value)


_FLAGS = {True: "true", False: "false"}
