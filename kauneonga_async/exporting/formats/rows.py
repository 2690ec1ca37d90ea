"""RowReader: blocks of records -> columns of values, and beside them all that is not as the model says.

A block is decoded at once, to a struct that has a field for every name that was met. Where that fails, the block is
read record by record, and the struct learns from it: a name that the model does not know gets a field of its own, and
a field whose value did not fit is read as raw JSON from then on, and looked at value by value. So a server that knows
more than the model, or other types, costs little more, from the second block on.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import astuple

from kauneonga_async.decoding.invalid import LARGEST_ID, UNREADABLE

__all__ = ["Field", "RowReader", "Rows"]

_MOST_NAMES = 100  # that are learnt: whoever has more may have no end of them
_NULL = msgspec.Raw(b"null")


class Field(NamedTuple):
    """How a field is read.

    Attributes:
        type: The type of nearly all of its values, null among them.
        fit: Makes the same of one value's JSON, or raises what msgspec raises; it may bear more than the type.
    """

    type: Any
    fit: Callable[[bytes], Any]


@lru_cache(maxsize=1024)
def _key(name: str) -> bytes:
    return msgspec.json.encode(name) + b":"


class Rows:
    """Records as columns.

    Attributes:
        columns: The values of each field, a record each; None where the record has none, or one that does not fit.
        extra: For a record's place, what is in no column, as members of a JSON object.
        whole: For a record's place, all of it, where it is no JSON that could be taken apart.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.columns: dict[str, Sequence[Any]] = {}
        self.extra: defaultdict[int, list[bytes]] = defaultdict(list)
        self.whole: dict[int, bytes] = {}

    def set_aside(self, place: int, name: str, value: bytes) -> None:
        """Keep the JSON of a value that has no column, or does not fit it."""
        self.extra[place].append(_key(name) + value)

    def extras(self) -> list[str | None]:
        """Return the JSON object of what is in no column, for each record; None where there is nothing."""
        objects: list[str | None] = [None] * self.count
        for place, members in self.extra.items():
            # In an order that does not depend on what was learnt before.
            objects[place] = (b"{" + b",".join(sorted(members)) + b"}").decode("utf-8", "replace")
        for place, record in self.whole.items():
            objects[place] = record.decode("utf-8", "replace")
        return objects


class RowReader:
    """Reads blocks of lines. It may be used by several threads at once.

    Args:
        fields: How each field is read; the id is among them.
    """

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self._fields = fields
        # Replaced as a whole: a thread that learns does not disturb those that read.
        self._shape = _Shape(fields, frozenset(), ())
        self._members = msgspec.json.Decoder(dict[str, msgspec.Raw])

    def read(self, block: bytes) -> Rows:
        """Read a block of lines."""
        shape = self._shape
        try:
            records = shape.decoder.decode_lines(block)
        except UNREADABLE:
            return self._read_slowly(block)
        rows = Rows(len(records))
        columns = zip(*map(astuple, records), strict=True)
        for name, values in zip(self._fields, columns, strict=False):
            rows.columns[name] = self._fitting(rows, name, values) if name in shape.doubtful else values
        for name, values in zip(shape.unknown, columns, strict=False):
            key = _key(name)
            for place, value in enumerate(values):
                if value is not None:
                    rows.extra[place].append(key + value)
        return rows

    def _fitting(self, rows: Rows, name: str, values: Sequence[msgspec.Raw]) -> list[Any]:
        fit = self._fields[name].fit
        column: list[Any] = []
        for place, value in enumerate(values):
            try:
                column.append(fit(value))
            except UNREADABLE:
                column.append(None)
                rows.set_aside(place, name, value)
        return column

    def _read_slowly(self, block: bytes) -> Rows:
        lines = block.removesuffix(b"\n").split(b"\n")
        rows = Rows(len(lines))
        unknown: set[str] = set()
        raw: dict[str, list[msgspec.Raw]] = {name: [_NULL] * len(lines) for name in self._fields}
        for place, line in enumerate(lines):
            try:
                members = self._members.decode(line)
            except UNREADABLE:
                rows.whole[place] = line
                raw["id"][place] = msgspec.Raw(_id_of(line))
                continue
            for name, value in members.items():
                if name in raw:
                    raw[name][place] = value
                else:
                    unknown.add(name)
                    rows.set_aside(place, name, value)
        for name, values in raw.items():
            rows.columns[name] = self._fitting(rows, name, values)
        self._learn(unknown, raw)
        return rows

    def _learn(self, unknown: set[str], raw: Mapping[str, Sequence[msgspec.Raw]]) -> None:
        shape = self._shape
        doubtful = {name for name, values in raw.items() if not shape.is_fitting(name, values)}
        names = sorted(name for name in unknown.difference(shape.unknown) if _can_be_learnt(name))
        names = [*shape.unknown, *names][:_MOST_NAMES]
        if doubtful - shape.doubtful or len(names) > len(shape.unknown):
            self._shape = _Shape(self._fields, shape.doubtful | doubtful, tuple(names))


class _Shape:
    """A struct of what was met so far.

    Args:
        fields: How each field is read.
        doubtful: Those that are to be read as raw JSON.
        unknown: Names besides them.
    """

    def __init__(self, fields: Mapping[str, Field], doubtful: frozenset[str], unknown: tuple[str, ...]) -> None:
        self.doubtful = doubtful
        self.unknown = unknown
        self._fields = fields
        known: list[tuple[str, Any, Any]] = [
            (name, msgspec.Raw, _NULL) if name in doubtful else (name, field.type, None)
            for name, field in fields.items()
        ]
        others: list[tuple[str, Any, Any]] = [
            (f"unknown_{number}", msgspec.Raw, msgspec.field(name=name, default=None))
            for number, name in enumerate(unknown)
        ]
        row = msgspec.defstruct("Row", known + others, forbid_unknown_fields=True, gc=False)
        self.decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(row)

    def is_fitting(self, name: str, values: Sequence[msgspec.Raw]) -> bool:
        """Tell whether all values are of the field's type."""
        decoder = msgspec.json.Decoder(self._fields[name].type)
        try:
            for value in values:
                decoder.decode(value)
        except UNREADABLE:
            return False
        return True


def _can_be_learnt(name: str) -> bool:
    """Tell whether msgspec lets a struct's field be called so."""
    return "\\" not in name and '"' not in name and name >= " " and name.isprintable()


def _id_of(line: bytes) -> bytes:
    """Return the id of a record that msgspec cannot take apart (half of a surrogate pair, say), or null."""
    try:
        record = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return b"null"
    record_id = record.get("id") if isinstance(record, dict) else None
    if isinstance(record_id, bool) or not isinstance(record_id, int) or not 1 <= record_id <= LARGEST_ID:
        return b"null"
    return b"%d" % record_id
