"""InvalidRecord: what can be told of a record that does not fit its type, without telling what it says. Pure."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from kauneonga_async.errors import DecodeError
from kauneonga_async.models import Instant

__all__ = ["LARGEST_ID", "UNREADABLE", "InvalidRecord", "describe", "explain", "is_expressible"]

LARGEST_ID = 2**63 - 1

# All that decoding can raise over a document's content (msgspec 0.19 to 0.22, tried).
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class InvalidRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record that does not fit its type, handed to ``on_invalid``. Its repr shows no content.

    Attributes:
        raw: The record's own bytes.
        id: Its id, where it can be read.
        time: Its date (``created_at``, unless the calendar names another field), where it can be read.
        error: What is wrong with it.
    """

    raw: bytes
    id: int | None
    time: datetime | None
    error: DecodeError

    def __repr__(self) -> str:
        return f"InvalidRecord(id={self.id}, error={self.error!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("id", self.id), ("error", self.error)]


def describe(element: bytes, error: Exception, id_path: str, time_field: str | None) -> InvalidRecord:
    """Read what can be read of a record that does not fit its type.

    Raises:
        DecodeError: It is no JSON at all, so that the whole body cannot be believed.
    """
    try:
        # More lenient than msgspec: lone surrogates, NaN, and numbers of any size are let pass.
        content = json.loads(element.decode("utf-8", "replace"), parse_int=_parse_int)
    except RecursionError:
        raise DecodeError("a record is nested too deeply to be read") from None
    except ValueError:
        raise DecodeError("the body is no valid JSON", malformed=True) from None
    record_id = _follow(content, id_path)
    if isinstance(record_id, bool) or not isinstance(record_id, int) or not 1 <= record_id <= LARGEST_ID:
        record_id = None
    time = None
    if time_field:
        try:
            time = msgspec.convert(_follow(content, time_field), Instant)
        except msgspec.ValidationError:
            time = None
        if time is not None and not is_expressible(time):
            time = None
    path, reason = explain(error)
    return InvalidRecord(
        raw=element.strip(b" \t\r\n"),
        id=record_id,
        time=time,
        error=DecodeError(
            f"record {'of unreadable id' if record_id is None else record_id}: {reason}"
            + (f" at {path}" if path else ""),
            path=path,
            record_id=record_id,
        ),
    )


# What msgspec says of a value, where it says nothing of the value itself: an enum's error, or one of a type of
# the user's own, could echo a message's text.
_SAFE_REASON = re.compile(
    r"Expected `[^`]*`(?:, got `[^`]*`| [<>=]+ -?[\d.]+| with a timezone component)?"
    r"|Object missing required field `[^`]*`"
    r"|Invalid RFC3339 encoded \w+"
    r"|(?:Number|Integer value|Datetime) (?:is )?out of range"
)
_PATH = re.compile(r" - at `(.*)`\Z", re.DOTALL)


def explain(error: Exception) -> tuple[str | None, str]:
    """Return the path and the reason of a decoding error, free of the content that caused it."""
    if isinstance(error, UnicodeDecodeError):
        return None, "it is not valid UTF-8"
    text = str(error)
    place = _PATH.search(text)
    path = place.group(1).replace("$[0]", "$", 1) if place else None
    reason = text[: place.start()] if place else text
    if isinstance(error, msgspec.ValidationError):
        return path, reason if _SAFE_REASON.fullmatch(reason) else "a value does not fit its type"
    return path, "it holds what JSON does not allow, such as NaN or half of a surrogate pair"


def is_expressible(time: datetime | None) -> bool:
    """Tell whether a time is an instant that UTC can express (year 9999 with an offset may not be)."""
    if time is None or time.utcoffset() is None:
        return False
    try:
        time.astimezone(UTC)
    except OverflowError:
        return False
    return True


def _follow(content: object, path: str) -> Any:
    for name in path.split("."):
        content = content.get(name) if isinstance(content, dict) else None
    return content


def _parse_int(digits: str) -> int | None:
    # Python refuses to turn more than 4,300 digits into an int.
    return int(digits) if len(digits) <= len(str(LARGEST_ID)) + 1 else None
