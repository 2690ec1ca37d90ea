"""Records that a server might write, well or badly, for the tests of all formats."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from kauneonga_async.exporting.formats import Format
from kauneonga_async.exporting.formats.fields import FIELDS, Kind
from kauneonga_async.sandbox.world import World

WORLD = list(World(messages=400).between(None, None))

TIMES = [
    "2025-01-21T22:08:20.671Z",
    "2025-01-21T22:08:20Z",
    "2025-01-21T22:08:20.671234+05:30",
    "2024-02-29T00:00:00-12:00",
    "1969-12-31T23:59:59.999999Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
]
NO_TIMES = [
    "",
    "soon",
    "2025-01-21",
    "2025-01-21T22:08:20",
    "2025-01-21 22:08:20Z",
    "2025-01-21T22:08Z",
    "2025-01-21T22:08:20.Z",
    "2025-01-21T22:08:20.1234567Z",
    "2025-01-21T22:08:60Z",
    "2025-01-21T24:00:00Z",
    "2025-02-29T00:00:00Z",
    "2025-01-21T22:08:20+24:00",
    "2025-01-21T22:08:20+05:60",
    "2025-01-21T22:08:20+0530",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59-01:00",
    "0001-01-01T00:00:00+01:00",
    "10000-01-01T00:00:00Z",
    "٢٠٢٥-01-21T22:08:20Z",
    "2025-01-21T22:08:20Z\n",
]

_texts = st.text(max_size=20)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=5,
)
_right: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: _texts,
    Kind.NUMBER: st.integers(-(2**63), 2**63 - 1),
    Kind.FLAG: st.booleans(),
    Kind.INSTANT: st.sampled_from(TIMES),
    Kind.LOOSE: st.integers(-(2**63), 2**63 - 1) | _texts | st.lists(_texts, max_size=2),
    Kind.ANSWERS: st.dictionaries(_texts, _texts | st.none(), max_size=4),
}
_wrong = _json | st.sampled_from([*NO_TIMES, 2**63, -(2**63) - 1, 10**40, 1.0, 1e300])

well_made = st.fixed_dictionaries(
    {"id": st.integers(1, 2**63 - 1)},
    optional={name: st.none() | _right[kind] for name, kind in FIELDS.items() if name != "id"},
)
_odd = st.fixed_dictionaries(
    {"id": st.integers(1, 2**63 - 1)},
    optional={name: st.none() | _right[kind] | _wrong for name, kind in FIELDS.items() if name != "id"},
)
odd = st.builds(lambda known, unknown: {**unknown, **known}, _odd, st.dictionaries(_texts, _json, max_size=3))
"""Records of which any field may be of any type, and which may have fields that no model knows."""


def as_json(contents: Sequence[Any]) -> list[bytes]:
    return [json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() for content in contents]


def encoded(format_: Format, *batches: Sequence[bytes]) -> bytes:
    """Return a part of these records."""
    file = io.BytesIO()
    encoder = format_.encoder(file.write)
    for batch in batches:
        encoder.add(batch)
    encoder.finish()
    return file.getvalue()


def ids_of(format_: Format, part: bytes) -> list[int]:
    return list(format_.ids(io.BytesIO(part)))
