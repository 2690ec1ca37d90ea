"""Changes: what a watch tells of, and how a record's own bytes show that there is something to tell. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Any, Generic, Literal, NamedTuple

import msgspec
from typing_extensions import TypeVar

from kauneonga_async.models import Instant, Message

__all__ = ["DIGEST_BYTES", "Finding", "MessageChange", "digest_of", "find_changes", "in_order"]

DIGEST_BYTES = 16

# Most watches name no type, and are of messages as the model has them.
T = TypeVar("T", default=Message)


class MessageChange(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A message that has appeared, or is not what it was. Its repr shows no text.

    Attributes:
        kind: ``"created"``: it was not known before; ``"updated"``: some of its bytes are others.
        id: The message's id.
        message: The message as it is now, as a list shows it.
        digest: Tells its content from any other: 32 hexadecimal digits.
        previous_digest: The digest of what was known before; None for a message that is new.
    """

    kind: Literal["created", "updated"]
    id: int
    message: T
    digest: str
    previous_digest: str | None = None

    @property
    def event_id(self) -> str:
        """Names this change, in whatever run or process it is found: a change that is repeated has the same."""
        return f"{self.id}-{self.digest}"

    def __repr__(self) -> str:
        return f"MessageChange(kind={self.kind!r}, id={self.id}, digest={self.digest!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("kind", self.kind), ("id", self.id), ("digest", self.digest)]


class Finding(NamedTuple):
    """A record that differs from what is known of it.

    Attributes:
        id: Its id.
        day: The day, in UTC, that it belongs to.
        digest: The digest of its bytes.
        previous: The digest that was known; None for none.
        raw: Its bytes.
    """

    id: int
    day: date
    digest: bytes
    previous: bytes | None
    raw: bytes


class _Times(msgspec.Struct):
    updated_at: Any = None
    created_at: Any = None


def digest_of(record: bytes) -> bytes:
    """Return what tells a record's content from any other."""
    return blake2b(record, digest_size=DIGEST_BYTES).digest()


def find_changes(
    records: Iterable[bytes], ids: Sequence[int], times: Sequence[datetime], known: Mapping[int, bytes]
) -> list[Finding]:
    """Return the records whose digest is not the one known.

    Args:
        records: The records.
        ids: The id of each.
        times: The date of each.
        known: Digests by id.
    """
    findings: list[Finding] = []
    for raw, record_id, time in zip(records, ids, times, strict=True):
        digest, previous = digest_of(raw), known.get(record_id)
        if digest != previous:
            findings.append(Finding(record_id, time.astimezone(UTC).date(), digest, previous, raw))
    return findings


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings by when they happened: their ``updated_at``, or ``created_at`` where that cannot be read."""
    return sorted(findings, key=_moment)


def _moment(finding: Finding) -> tuple[datetime, int]:
    times = msgspec.json.decode(finding.raw, type=_Times)
    for value in (times.updated_at, times.created_at):
        try:
            return msgspec.convert(value, Instant).astimezone(UTC), finding.id
        except (msgspec.ValidationError, OverflowError):
            continue
    return datetime.min.replace(tzinfo=UTC), finding.id
