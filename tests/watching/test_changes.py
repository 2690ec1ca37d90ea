"""Which records differ from what is known of them, and in what order they are told of."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec

from kauneonga_async.watching.changes import Finding, digest_of, find_changes, in_order

TIME = datetime(2025, 3, 9, 23, 30, tzinfo=UTC)


def finding(record_id: int, **fields: str | None) -> Finding:
    return Finding(record_id, TIME.date(), b"", None, msgspec.json.encode({"id": record_id, **fields}))


def test_a_record_is_a_finding_unless_its_digest_is_known() -> None:
    records = [b'{"id":1}', b'{"id":2}', b'{"id":3}']
    known = {1: digest_of(records[0]), 2: digest_of(b"what it was")}
    found = find_changes(records, [1, 2, 3], [TIME] * 3, known)
    assert [(one.id, one.previous) for one in found] == [(2, known[2]), (3, None)]
    assert found[0].raw == records[1]


def test_the_day_of_a_record_is_in_utc() -> None:
    east = datetime.fromisoformat("2025-03-10T01:00:00+14:00")
    assert find_changes([b"{}"], [1], [east], {})[0].day == date(2025, 3, 9)


def test_they_come_by_update_then_by_creation_then_by_id() -> None:
    late = finding(1, updated_at="2025-03-09T23:30:00Z")
    early = finding(2, updated_at="2025-03-09T18:30:00-04:00")
    no_update = finding(3, updated_at=None, created_at="2025-03-09T23:00:00Z")
    unreadable, missing = finding(5, updated_at="soon"), finding(4)
    assert in_order([late, early, no_update, unreadable, missing]) == [missing, unreadable, early, no_update, late]
