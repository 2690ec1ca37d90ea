"""NDJSON: batches of records -> lines of JSON for a browser, and the headers that they go with. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from kauneonga_async.decoding import compact

__all__ = ["HEADERS", "MEDIA_TYPE", "to_ndjson"]

MEDIA_TYPE: Final = "application/x-ndjson"
HEADERS: Final = {
    "Cache-Control": "no-store",  # messages are confidential
    "X-Content-Type-Options": "nosniff",
    # nginx would buffer up to 1 GB in a file: the browser's pace would not reach us, and text would reach the disk.
    "X-Accel-Buffering": "no",
}

_ENCODER = msgspec.json.Encoder()


def to_ndjson(records: Sequence[Any]) -> bytes:
    """Return records as lines.

    Args:
        records: At least one record, all of one type: ``msgspec.Raw``, which goes out as the server's own bytes, or
            any other that msgspec encodes.
    """
    if isinstance(records[0], msgspec.Raw):
        return b"\n".join(map(compact, records)) + b"\n"
    return _ENCODER.encode_lines(records)
