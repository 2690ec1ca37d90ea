"""Rows: bodies that are not what the API promises."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from tests.faults.rows import MALFORMED, malformed, row, unreadable, works
from tests.faults.steps import answers

__all__ = ["JSON", "with_id"]

Change = Callable[[bytes], bytes]


def with_id(value: bytes) -> Change:
    """Give the first record another id."""
    return lambda good: re.sub(rb'"id": ?\d+', b'"id":' + value, good, count=1)


def with_field(name: str, value: bytes) -> Change:
    """Put a field in before the first record's id."""
    return lambda good: re.sub(
        rb'"id": ?\d+', lambda found: b'"%b":%b,%b' % (name.encode(), value, found[0]), good, count=1
    )


JSON = [
    malformed("a page of HTML with status 200", answers(lambda g: b"<html><body>Maintenance</body></html>", content_type="text/html")),
    *(
        malformed(fault, answers(change))
        for fault, change in (
            ("an empty body", lambda g: b""),
            ("white space alone", lambda g: b" \r\n\t "),
            ("the first byte alone", lambda g: g[:1]),
            ("half the body, of the right length", lambda g: g[: len(g) // 2]),
            ("all but the last byte, of the right length", lambda g: g.strip()[:-1]),
            ("junk behind it", lambda g: g + b"junk"),
            ("a second document behind it", lambda g: g + g),
            ("single quotes", lambda g: g.replace(b'"', b"'")),
            ("a comma too many", lambda g: g[:-1] + b",}"),
            ("a comment", lambda g: b"/* hello */" + g),
            ("a control character in a text", lambda g: g.replace(b'"data"', b'"da\x01ta"')),
            ("an escape that there is not", lambda g: g.replace(b'"data"', b'"d\\ata"')),
            ("a number", lambda g: b"5"),
            ("a text", lambda g: b'"hello"'),
            ("null", lambda g: b"null"),
        )
    ),
    *(
        unreadable(fault, answers(change))
        for fault, change in (
            ("a list where an object belongs, or the other way round", lambda g: b'{"data":7}'),
            ("null for the data", lambda g: b'{"data":null}'),
            ("no data", lambda g: b'{"count":3}'),
            ("an empty object", lambda g: b"{}"),
            ("NaN", with_id(b"NaN")),
            ("Infinity", with_id(b"Infinity")),
            ("half of a surrogate pair in a text", with_field("contact", b'"\\ud800"')),
            ("brackets a million deep", lambda g: b'{"data":' + b"[" * 1_000_000),
            ("brackets a million deep, within a record", with_field("new", b"[" * 1_000_000)),
            ("a list of lists", lambda g: b'{"data":[[1],[2]]}'),
            ("a list of numbers", lambda g: b'{"data":[1,2,3]}'),
            ("a list of null", lambda g: b'{"data":[null]}'),
        )
    ),
    *(
        works(fault, answers(change))
        for fault, change in (
            ("the keys in another order, and more of them", lambda g: b'{"meta":{"data":[]},' + g.strip()[1:-1] + b',"count":9}'),
            ("white space between all tokens", lambda g: json.dumps(json.loads(g), indent=4).encode()),
            ("all texts escaped", lambda g: json.dumps(json.loads(g), ensure_ascii=True).encode()),
            ("unknown fields", lambda g: g.replace(b'{"id"', b'{"new":{"a":[1,2]},"id"')),
            ("an integer of 5,000 digits in an unknown field", with_field("new", b"9" * 5000)),
            ("a field twice: the last one counts", with_field("id", b"7")),
        )
    ),
    row("no JSON in one record of three", answers(lambda g: g.replace(b'"id":2', b'"id":02').replace(b'"id": 2', b'"id": 02')), None, None, MALFORMED),
]  # fmt: skip
