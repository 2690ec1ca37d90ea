"""Piece: what an answer brings of the audio, and whether that may be joined to what is kept of it. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from kauneonga_async.errors import ConnectionFailed, DecodeError
from kauneonga_async.transport import Answer

__all__ = ["NOT_SATISFIABLE", "WHOLE", "Piece", "piece_of"]

WHOLE, NOT_SATISFIABLE = 200, 416

_SIZE = re.compile(r"[0-9]{1,18}")
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)")
_UNSATISFIED_RANGE = re.compile(r"bytes \*/([0-9]{1,18})")


class Piece(NamedTuple):
    """Bytes of the audio.

    Attributes:
        begin: Where they begin in it.
        end: Where they end; None if the server does not tell.
        size: The size of the audio, as far as the server tells.
    """

    begin: int
    end: int | None
    size: int | None


def piece_of(answer: Answer, kept: int, validator: str | None) -> Piece:
    """Return what an answer brings.

    Args:
        answer: A 200, 206 or 416.
        kept: Bytes that there are of the audio, behind which the rest was asked for.
        validator: What tells their version of it, if there are any.

    Raises:
        ConnectionFailed: It cannot be joined to what is kept; all of it is to be asked for.
        DecodeError: It is not what was asked for.
    """
    length = answer.headers.get("Content-Length", "")
    told = int(length) if _SIZE.fullmatch(length) else None
    if answer.status == WHOLE:
        return Piece(0, told, told)
    if _is_another_version(answer, validator):
        raise ConnectionFailed(f"{answer}: it is of another version of the audio", phase="body")
    place = answer.headers.get("Content-Range", "")
    if answer.status == NOT_SATISFIABLE:
        unsatisfied = _UNSATISFIED_RANGE.fullmatch(place)
        if not kept or unsatisfied is None or int(unsatisfied[1]) != kept:
            raise ConnectionFailed(f"{answer}: what was downloaded before is not a beginning of it", phase="body")
        return Piece(kept, kept, kept)
    found = _CONTENT_RANGE.fullmatch(place)
    if not kept or found is None or int(found[1]) != kept:
        raise DecodeError(f"{answer}: it is a part of the audio that was not asked for")
    end, size = int(found[2]) + 1, found[3]
    if size == "*":
        # Nobody could tell whether it goes to the end.
        raise ConnectionFailed(f"{answer}: it does not tell the size of the audio", phase="body")
    # Where nothing is left, some servers say so in place of a 416.
    if not (kept < end <= int(size) or kept == end == int(size)) or told not in (None, end - kept):
        raise DecodeError(f"{answer}: it contradicts itself about what part of the audio it is")
    return Piece(kept, end, int(size))


def _is_another_version(answer: Answer, validator: str | None) -> bool:
    # Many servers know Range and no If-Range, and only what has the same validator may be joined (RFC 9110, 15.3.7).
    if validator is None:
        return False
    return answer.headers.get("ETag" if validator.startswith('"') else "Last-Modified", validator) != validator
