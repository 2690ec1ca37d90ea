"""Parquet's rows: how a message's values are read for its columns. Pure, and without PyArrow."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from kauneonga_async.exporting.formats.fields import FIELDS, Kind
from kauneonga_async.exporting.formats.rows import Field, RowReader

__all__ = ["parquet_row_reader"]

_INT64: Any = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]

_TYPES: dict[Kind, Any] = {
    Kind.TEXT: str | None,
    Kind.NUMBER: _INT64 | None,
    Kind.FLAG: bool | None,
    Kind.INSTANT: str | None,  # Arrow makes times of a whole column in a tenth of the time
    Kind.LOOSE: _INT64 | str | list[str] | None,
    Kind.ANSWERS: dict[str, str | None] | None,
}


def parquet_row_reader() -> RowReader:
    """Return a reader whose values fit the columns' types, but for times, which are still text."""
    strict = {kind: Field(type_, msgspec.json.Decoder(type_).decode) for kind, type_ in _TYPES.items()}
    fields = {name: strict[kind] for name, kind in FIELDS.items()}
    for name, kind in FIELDS.items():
        if kind is Kind.ANSWERS:
            fields[name] = Field(_TYPES[kind], _answers)
    return RowReader(fields)


_members = msgspec.json.Decoder(dict[str, msgspec.Raw] | None)
_text = msgspec.json.Decoder(str | None)


def _answers(value: bytes) -> dict[str, str | None] | None:
    """Return answers; one that is no text is its JSON."""
    members = _members.decode(value)
    return None if members is None else {name: _answer(bytes(answer)) for name, answer in members.items()}


def _answer(value: bytes) -> str | None:
    return _text.decode(value) if value.startswith((b'"', b"n")) else value.decode()
