"""Grammar: listings that are JSON, with all that makes them hard to cut, as chance will have them."""

from __future__ import annotations

import json
import random
from typing import Any, Final

__all__ = ["make_body"]

TEXTS: Final = (
    "", "x", "id", "data", '},{"id":', '"},{"id":2,"x":"', '"}]}', "[", "]", "{", "}", "\\", '"', "\n", "\x00", "é",
    "🙂", "\u2028", "success", "2025-01-21T22:08:20.671Z", "a" * 90,
)  # fmt: skip
SCALARS: Final = (None, True, False, 0, -1, 7, 2**63 - 1, 2**63, 1.5, -2e-7, *TEXTS)
FIELDS: Final = ("read", "content", "answers", "created_at", "account_id", "cdr", "edr", "from", "recording", *TEXTS)
LAYOUTS: Final[tuple[dict[str, Any], ...]] = (
    {"separators": (",", ":")},
    {"separators": (",", ":"), "ensure_ascii": False},
    {"separators": (", ", ": ")},
    {"separators": (" ,\r\n", "\t:")},
    {"indent": 1},
)


def make_value(chance: random.Random, depth: int = 0) -> Any:
    """Return a value: mostly flat, sometimes looking like the list that it is in."""
    shape = chance.random()
    if depth > 3 or shape < 0.75:
        return chance.choice(SCALARS)
    if shape < 0.85:
        return [make_record(chance, depth + 1) for _ in range(chance.randrange(4))]
    if shape < 0.93:
        return [make_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {chance.choice(TEXTS): make_value(chance, depth + 1) for _ in range(chance.randrange(4))}


def make_record(chance: random.Random, depth: int = 0) -> dict[str, Any]:
    """Return a record, whose id is mostly such as can be relied upon, and mostly comes first."""
    record: dict[str, Any] = {"id": chance.choice(SCALARS) if chance.random() < 0.03 else chance.randint(1, 99)}
    for _ in range(chance.randrange(4)):
        record[chance.choice(FIELDS)] = make_value(chance, depth)
    if chance.random() < 0.1:
        record["id"] = record.pop("id")
    return record


def make_body(chance: random.Random) -> bytes:
    """Return a listing."""
    body: dict[str, Any] = {}
    for _ in range(chance.randrange(3)):
        body[chance.choice(TEXTS)] = make_value(chance)
    body["data"] = [make_record(chance) for _ in range(chance.randrange(7))]
    for _ in range(chance.randrange(2)):
        body[chance.choice([text for text in TEXTS if text != "data"])] = make_value(chance)
    return json.dumps(body, **chance.choice(LAYOUTS)).encode()
