"""The schema of messages in Parquet files, and the Arrow arrays of its columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
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
    arrays = [
        _instants(rows, name) if kind is Kind.INSTANT else _ARRAYS.get(kind, pa.array)(rows.columns[name], _TYPES[kind])
        for name, kind in FIELDS.items()
    ]
    arrays.append(pa.array(rows.extras(), pa.string()))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _loose(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except pa.ArrowException:
        encode = msgspec.json.encode
        return pa.array([v if v is None or isinstance(v, str) else encode(v).decode() for v in values], kind)


def _answers(values: Sequence[dict[str, str | None] | None], kind: pa.DataType) -> pa.Array:
    # A third of the time that lists of pairs take.
    there = [answers for answers in values if answers is not None]
    names = pa.array(list(chain.from_iterable(there)), pa.string())
    texts = pa.array(list(chain.from_iterable(map(dict.values, there))), pa.string())
    ends = accumulate(0 if answers is None else len(answers) for answers in values)
    offsets = pa.array([0, *ends], pa.int32())
    nulls = pa.array([answers is None for answers in values]) if len(there) < len(values) else None
    return pa.MapArray.from_arrays(offsets, names, texts, kind, mask=nulls)


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
    column = _cast(pa.array(values, pa.string()))
    if column is not None:
        return column
    instants: list[datetime | None] = []
    for place, value in enumerate(values):
        instant = None if value is None else _instant(value)
        if instant is None and value is not None:
            rows.set_aside(place, name, msgspec.json.encode(value))
        instants.append(instant)
    return pa.array(instants, _TIME)


def _cast(texts: pa.StringArray) -> pa.Array | None:
    if texts.null_count == len(texts):
        return pa.nulls(len(texts), _TIME)
    if pc.all(pc.match_substring_regex(texts, _TIME_ANYWHERE)).as_py() is False:
        return None
    try:
        column = texts.cast(_TIME)
    except pa.ArrowInvalid:
        return None
    # Arrow knows the year 0, and what is in the year 10,000 by UTC; Python, and whoever reads with it, does not.
    least, most = pc.min_max(column.view(pa.int64())).values()
    return column if least.as_py() >= _FIRST and most.as_py() <= _LAST else None


def _instant(text: str) -> datetime | None:
    if not _TIME_ALONE.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
