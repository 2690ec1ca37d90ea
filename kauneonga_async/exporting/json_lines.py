"""JSON Lines: one record a line, each the server's own bytes. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from kauneonga_async.decoding import Lines, compact

__all__ = ["ENDING", "to_lines"]

ENDING = ".jsonl"


def to_lines(records: Sequence[bytes]) -> list[bytes | memoryview]:
    """Return records as lines, in pieces to be written one after the other.

    A record with line breaks between its tokens, as a server that indents its JSON writes it, is compacted; any other
    stays as it is, to the byte.
    """
    if not records:
        return []
    if isinstance(records, Lines):
        return [records.text, b"\n"]
    return [b"\n".join(map(compact, records)), b"\n"]
