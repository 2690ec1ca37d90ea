"""JSON Lines: one record a line, each the server's own bytes. Pure."""

from __future__ import annotations

import msgspec

__all__ = ["ENDING", "to_lines"]

ENDING = ".jsonl"


def to_lines(records: list[msgspec.Raw]) -> bytes:
    """Return records as lines.

    A record with line breaks between its tokens, as a server that indents its JSON writes it, is compacted; any other
    stays as it is, to the byte.
    """
    if not records:
        return b""
    lines = b"\n".join(records)
    if lines.count(b"\n") >= len(records) or b"\r" in lines:
        lines = b"\n".join([msgspec.json.format(record, indent=-1) for record in records])
    return lines + b"\n"
