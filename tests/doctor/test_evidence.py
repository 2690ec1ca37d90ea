"""Evidence: what single lists rule out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from kauneonga_async.doctor.evidence import Evidence, Held, Question
from kauneonga_async.doctor.zones import Zone, name_of

DAY = Question(date(2026, 1, 5), date(2026, 1, 6))


def at(day: int, hour: int, minute: int = 0) -> int:
    return round(datetime(2026, 1, day, hour, minute, tzinfo=UTC).timestamp() * 1000)


def zone(name: str, *, is_canonical: bool = True) -> Zone:
    return Zone(name, ZoneInfo(name), is_canonical=is_canonical)


def left(evidence: Evidence) -> set[tuple[str, bool]]:
    return {(calendar.zone.name, calendar.to_date_inclusive) for calendar in evidence.calendars}


def evidence() -> Evidence:
    return Evidence([zone("UTC"), zone("America/New_York"), zone("Asia/Tokyo")])


def test_a_record_before_a_day_began_rules_a_zone_out() -> None:
    found = evidence()
    found.add(DAY, Held([at(5, 4, 59)]))
    assert left(found) == {("UTC", True), ("UTC", False), ("Asia/Tokyo", True), ("Asia/Tokyo", False)}


def test_so_does_one_after_the_last_day_ended_even_in_a_list_that_was_not_read_to_its_end() -> None:
    found = evidence()
    found.add(DAY, Held([at(7, 0)], complete=False))
    assert left(found) == {("America/New_York", True)}
    assert found.to_date_inclusive is True


def test_a_record_that_a_list_lacks_rules_out_where_it_should_have_been() -> None:
    found = evidence()
    found.add(Question(date(2026, 1, 1), date(2026, 1, 20)), Held([at(5, 12), at(6, 2)]))
    found.add(DAY, Held([at(5, 12)]))
    assert left(found) == {("UTC", False), ("Asia/Tokyo", False)}


def test_a_list_that_was_not_read_to_its_end_may_lack_any() -> None:
    found = evidence()
    found.add(Question(date(2026, 1, 1), date(2026, 1, 20)), Held([at(5, 12), at(6, 2)]))
    before = left(found)
    found.add(DAY, Held([at(5, 12)], complete=False))
    assert left(found) == before
    assert found.is_whole


def test_the_best_question_is_the_one_that_divides_most() -> None:
    found = evidence()
    found.add(Question(date(2026, 1, 1), date(2026, 1, 20)), Held([at(5, 12), at(5, 20), at(8, 3), at(10, 12)]))
    best = found.best_question(date(2026, 1, day) for day in range(2, 19))
    assert best is not None
    whole = len(found.calendars)
    foreseen = found._outcomes(best)
    assert sum(foreseen.values()) == whole
    assert max(foreseen.values()) < whole
    assert found.best_question([date(2026, 1, 15)]) is None


def test_of_zones_that_are_alike_the_name_is_one_that_servers_have_else_one_of_a_place() -> None:
    assert name_of([zone("US/Eastern", is_canonical=False), zone("America/Toronto"), zone("America/New_York")]) == (
        "America/New_York"
    )
    assert name_of([zone("Australia/LHI", is_canonical=False), zone("Australia/Lord_Howe")]) == "Australia/Lord_Howe"
    assert name_of([zone("Africa/Abidjan"), zone("Etc/GMT", is_canonical=False), zone("UTC")]) == "UTC"
