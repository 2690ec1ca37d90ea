"""Rows: how the tables of rows are written: what a server sends, and the few outcomes that most of it has."""

from __future__ import annotations

from typing import Any

from kauneonga_async.errors import ConnectionFailed, DecodeError, OutcomeUnknown
from tests.faults.table import Fails, Row, Step, Works

__all__ = [
    "HEAD",
    "MALFORMED",
    "UNKNOWN",
    "UNREADABLE",
    "breaks",
    "chunked",
    "head",
    "malformed",
    "row",
    "unreadable",
    "works",
]

BROKEN, UNKNOWN = Fails(ConnectionFailed, 3), Fails(OutcomeUnknown, 1)
UNREADABLE, MALFORMED = Fails(DecodeError, 1), Fails(DecodeError, 3)

HEAD = b"HTTP/1.1 OK\r\nContent-Type: application/json\r\n"


def head(good: bytes, **headers: object) -> bytes:
    """Return an answer's head, with the right length unless another is given; a step puts in the status."""
    lines = {"Content-Length": len(good), **headers}
    return HEAD + b"".join(f"{name.replace('_', '-')}: {value}\r\n".encode() for name, value in lines.items()) + b"\r\n"


def chunked(*chunks: bytes, ending: bytes = b"0\r\n\r\n") -> bytes:
    """Return an answer in chunks."""
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body + ending


def row(fault: str, step: Step, get: object, create: object, stream: object, **more: Any) -> Row:
    """Return a row; None where a fault cannot reach."""
    known = {name: more.pop(name) for name in ("pause", "skipping") if name in more}
    return Row(fault=fault, step=step, get=get, create=create, stream=stream, options=more, **known)  # type: ignore[arg-type]


def breaks(fault: str, step: Step) -> Row:
    """An exchange that breaks off, before or within its answer."""
    return row(fault, step, BROKEN, UNKNOWN, BROKEN)


def malformed(fault: str, step: Step) -> Row:
    """A body that is no JSON, as one that was cut off on its way: it may come whole the next time."""
    return row(fault, step, MALFORMED, UNKNOWN, MALFORMED)


def unreadable(fault: str, step: Step) -> Row:
    """An answer that asking again would not mend."""
    return row(fault, step, UNREADABLE, UNKNOWN, UNREADABLE)


def works(fault: str, step: Step) -> Row:
    """What is unusual, and no fault."""
    return row(fault, step, Works(), Works(), Works())
