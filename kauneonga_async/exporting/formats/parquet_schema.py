"""The schema of messages in Parquet files, and the Arrow arrays of its columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate, chain
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute

from kauneonga_async.exporting.formats.fields import EXTRA, FIELDS, Kind
from kauneonga_async.exporting.formats.rows import Rows

__all__ = ["message_schema", "record_batch"]

pc: Any = pyarrow.compute  # its functions are made when it is loaded, and known to no type checker
_TIME = pa.timestamp("us", "UTC")
_EMPTY = pa.scalar("", pa.string())
_REPEATED = 512  # maps, in multiples of which names are kept
_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.NUMBER: pa.int64(),
    Kind.FLAG: pa.bool_(),
    Kind.INSTANT: _TIME,
    Kind.LOOSE: pa.string(),
    Kind.ANSWERS: pa.map_(pa.string(), pa.string()),
}


def message_schema() -> pa.Schema:
    """Return the schema of every Parquet file of messages, whatever they hold.

    The columns are the fields of :class:`~kauneonga_async.Message`, in its order, and ``_extra``; each may be null.
    Times are ``timestamp[us, UTC]``, ids and numbers ``int64``, ``answers`` is ``map<string, string>`` (an answer that
    is no text is its JSON), all else ``string`` or ``bool``. What the document shows only as null, and
    ``klass_names``, is a string: text as it is, anything else its JSON.

    ``_extra`` is a JSON object: the fields that the model does not know, and those whose value does not fit their
    column (an integer beyond 64 bits, a time without an offset or finer than a microsecond), which then is null.
    So nothing is lost: a record is its columns that are not null, and ``_extra``.
    """
    return pa.schema([*((name, _TYPES[kind]) for name, kind in FIELDS.items()), (EXTRA, pa.string())])


def record_batch(rows: Rows, schema: pa.Schema) -> pa.RecordBatch:
    """Return rows as Arrow columns; a time that is none is set aside in the rows."""
    arrays = [_column(rows, name, kind) for name, kind in FIELDS.items()]
    arrays.append(pa.array(rows.extras(), pa.string()))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _column(rows: Rows, name: str, kind: Kind) -> pa.Array:
    values = rows.columns[name]
    # Half of a message is null or empty, for all messages alike: to look costs less than to make an array of them.
    if _are_all(values, None):
        return pa.nulls(len(values), _TYPES[kind])
    if kind is Kind.TEXT and _are_all(values, ""):
        return pa.repeat(_EMPTY, len(values))
    if kind is Kind.INSTANT:
        return _instants(rows, name)
    return _ARRAYS.get(kind, pa.array)(values, _TYPES[kind])


def _are_all(values: Sequence[Any], value: object) -> bool:
    return bool(values) and values[0] == value == values[-1] and values.count(value) == len(values)


def _loose(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except pa.ArrowException:
        encode = msgspec.json.encode
        return pa.array([v if v is None or isinstance(v, str) else encode(v).decode() for v in values], kind)


def _answers(values: Sequence[dict[str, str | None] | None], kind: pa.DataType) -> pa.Array:
    # A third of the time that lists of pairs take.
    there = [answers for answers in values if answers is not None]
    names = list(chain.from_iterable(there))
    texts = pa.array(list(chain.from_iterable(map(dict.values, there))), pa.string())
    form = tuple(there[0])
    # An account's messages have the same answers in the same order, so that the names need not be read again.
    if len(there) == len(values) and names == [*form] * len(there):
        return pa.MapArray.from_arrays(*_names_of(form, len(there)), texts, kind)
    ends = accumulate(0 if answers is None else len(answers) for answers in values)
    offsets = pa.array([0, *ends], pa.int32())
    nulls = pa.array([answers is None for answers in values]) if len(there) < len(values) else None
    return pa.MapArray.from_arrays(offsets, pa.array(names, pa.string()), texts, kind, mask=nulls)


def _names_of(form: tuple[str, ...], count: int) -> tuple[pa.Array, pa.Array]:
    """Return the offsets of maps that all have the same names, and those."""
    offsets, names = _repeated(form, -(-count // _REPEATED) * _REPEATED)
    return offsets.slice(0, count + 1), names.slice(0, count * len(form))


@lru_cache(maxsize=4)
def _repeated(form: tuple[str, ...], count: int) -> tuple[pa.Array, pa.Array]:
    offsets = pa.array([number * len(form) for number in range(count + 1)], pa.int32())
    return offsets, pa.array([*form] * count, pa.string())


_ARRAYS: dict[Kind, Any] = {Kind.LOOSE: _loose, Kind.ANSWERS: _answers}


# What RFC 3339 calls a time, to the microsecond: all that it lets pass is for Arrow and Python to find out about.
_RFC3339 = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)"
_TIME_ANYWHERE = f"^{_RFC3339}$"
_TIME_ALONE = re.compile(_RFC3339, re.ASCII)
_FIRST = pa.scalar(datetime(1, 1, 1, tzinfo=UTC), _TIME).value
_LAST = pa.scalar(datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), _TIME).value


def _instants(rows: Rows, name: str) -> pa.Array:
    """Return a column of times: all at once, or one by one where one of them is none."""
    values = rows.columns[name]
    column = _cast(values)
    if column is not None:
        return column
    instants: list[datetime | None] = []
    for place, value in enumerate(values):
        instant = None if value is None else _instant(value)
        if instant is None and value is not None:
            rows.set_aside(place, name, msgspec.json.encode(value))
        instants.append(instant)
    return pa.array(instants, _TIME)


def _cast(values: Sequence[str | None]) -> pa.Array | None:
    texts = pa.array(values, pa.string())
    if not _are_alike(values) and pc.all(pc.match_substring_regex(texts, _TIME_ANYWHERE)).as_py() is False:
        return None
    try:
        column = texts.cast(_TIME)
    except pa.ArrowInvalid:
        return None
    # Arrow knows the year 0, and what is in the year 10,000 by UTC; Python, and whoever reads with it, does not.
    least, most = pc.min_max(column.view(pa.int64())).values()
    return column if least.as_py() >= _FIRST and most.as_py() <= _LAST else None


def _are_alike(values: Sequence[str | None]) -> bool:
    """Tell whether all are times in UTC as the first is written: a server writes all of them with one pattern.

    What it lets pass, ``_TIME_ANYWHERE`` would, in five times the time.
    """
    texts = [text for text in values if text is not None]
    first, size = texts[0], len(texts[0])
    if not (first.endswith("Z") and _TIME_ALONE.fullmatch(first) and set(map(len, texts)) == {size}):
        return False
    together = "".join(texts)
    marks = [(place, mark) for place, mark in enumerate(first) if not mark.isdigit()]
    digits = together.encode().translate(None, b"-T:.Z")
    return (
        digits.isdigit()
        and len(digits) == len(texts) * (size - len(marks))
        and all(together[place::size] == mark * len(texts) for place, mark in marks)
    )


def _instant(text: str) -> datetime | None:
    if not _TIME_ALONE.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
