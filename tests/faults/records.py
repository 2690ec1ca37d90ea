"""Rows: messages that do not fit their type, or come in an odd order."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.faults.bodies import with_id
from tests.faults.rows import UNREADABLE, row, unreadable
from tests.faults.steps import answers
from tests.faults.table import Row, Works

__all__ = ["RECORDS"]

Document = dict[str, Any]
Change = Callable[[Document], object]

LAST_YEAR = "9999-12-31T23:59:59-14:00"  # in UTC it lies beyond what Python can express


def changed(fault: str, change: Change, *, get: object, stream: object) -> Row:
    """One message is changed; in a list, the second of three."""

    def apply(good: bytes) -> bytes:
        document = json.loads(good)
        data = document["data"]
        change(data[1] if isinstance(data, list) else data)
        return json.dumps(document).encode()

    return row(fault, answers(apply), get, None, stream, skipping=stream == UNREADABLE)


def sets(name: str, value: Any) -> Change:
    return lambda record: record.__setitem__(name, value)


def listed(change: Callable[[list[Document]], list[Document]]) -> Callable[[bytes], bytes]:
    return lambda good: json.dumps({"data": change(json.loads(good)["data"])}).encode()


RECORDS = [
    *(
        changed(
            f"a message's {name} is {json.dumps(value)[:40]}",
            sets(name, value),
            get=Works() if name == "created_at" and value in (None, LAST_YEAR) else UNREADABLE,
            stream=UNREADABLE,
        )
        for name, value in (
            ("id", None), ("id", "seven"), ("id", 0), ("id", -1), ("id", 2**63), ("id", 1.5), ("id", True),
            ("created_at", None), ("created_at", 5), ("created_at", "yesterday"), ("created_at", "2025-01-01T10:00:00"),
            ("created_at", "2025-01-01T23:59:60Z"), ("created_at", LAST_YEAR), ("content", 5), ("content", {"a": 1}),
            ("is_emergency", "yes"),
        )
    ),
    *(
        changed(f"a message's {name} is {json.dumps(value)}", sets(name, value), get=Works(), stream=Works())
        for name, value in (("content", None), ("content", ""), ("content", "\u0000"), ("status", "a status of tomorrow"), ("new_field", [1]))
    ),
    unreadable("an id of 5,000 digits", answers(with_id(b"9" * 5000))),
    unreadable("an id of 1e400", answers(with_id(b"1e400"))),
    unreadable("an id twice, the second null", answers(with_id(b'1,"id":null'))),
    changed("a message without id", lambda record: record.pop("id"), get=UNREADABLE, stream=UNREADABLE),
    changed("a message without created_at", lambda record: record.pop("created_at"), get=Works(), stream=UNREADABLE),
    row("a message twice in a list", answers(listed(lambda data: [*data, data[0]])), None, None, Works()),
    row("a list from new to old", answers(listed(lambda data: data[::-1])), None, None, Works()),
    row("a list that is not sorted", answers(listed(lambda data: [data[1], data[2], data[0]])), None, None, Works()),
    row("an empty list", answers(lambda g: b'{"data":[]}'), None, None, Works(2, 0)),
]  # fmt: skip
