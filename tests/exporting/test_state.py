"""What a journal's entries come to: what is there, what is left to do, what is to go; and what is needed to say so."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zlib import crc32

import pytest

from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.errors import ConfigurationError
from kauneonga_async.exporting.entries import (
    Ask,
    Begun,
    Dispelled,
    Done,
    Entry,
    Found,
    Known,
    PartEntry,
    Replaced,
    Span,
    pack_ids,
)
from kauneonga_async.exporting.lines import write_line
from kauneonga_async.exporting.state import State, read_state
from kauneonga_async.streams import AuditState, Missing
from kauneonga_async.windows import Window, between

CALENDAR = ServerCalendar("UTC", to_date_inclusive=True)
START = datetime(2025, 1, 1, tzinfo=UTC)
BEGUN = Begun("messages", {"format": "jsonl"}, "account", 7)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def window(first: int, end: int) -> Window:
    """From one day of January, counted from 0, to before another."""
    return between(day(first), day(end), CALENDAR)


def part(name: str) -> PartEntry:
    return PartEntry(name, 3, 99, "digest", "mark")


def ordinal(number: int) -> int:
    return day(number).toordinal()


def done(first: int, end: int, name: str = "", **more: Any) -> Done:
    return Done(window(first, end), part(name or f"{first}-{end}"), **more)


def spans_of(windows: list[Window]) -> list[tuple[int, int]]:
    return [((one.start - START).days, (one.end - START).days) for one in windows if one.end is not None]


def state(*entries: Entry, begun: Begun = BEGUN) -> State:
    return State([begun, *entries])


def names(found: State) -> list[str]:
    return [one.name for one in found.parts]


def test_a_span_is_cut_as_the_plan_was() -> None:
    found = state(Span(day(0), day(20)))
    assert spans_of(found.pending_windows(CALENDAR)) == [(0, 7), (7, 14), (14, 20)]
    assert found.end == day(20)
    assert not found.is_complete(CALENDAR)
    assert state().end is None


def test_a_span_without_length_or_dates_asks_for_nothing() -> None:
    for span in (Span(day(3), day(3)), Span(day(5), day(3)), Span(None, None), Span(None, day(3)), Span(day(3), None)):
        assert state(span).pending_windows(CALENDAR) == []
    assert state(Span(day(0), day(7)), begun=Begun("messages", {}, "a", None)).pending_windows(CALENDAR) == []
    assert spans_of(state(Span(day(3), day(3)), Span(day(3), day(4))).pending_windows(CALENDAR)) == [(3, 4)]


def test_what_is_there_is_not_asked_for_and_cuts_what_is_left() -> None:
    found = state(Span(day(0), day(14)), done(2, 4), done(7, 14))
    assert spans_of(found.pending_windows(CALENDAR)) == [(0, 2), (4, 7)]
    found = state(Span(day(0), day(14)), done(0, 7), Span(day(14), day(16)))
    assert spans_of(found.pending_windows(CALENDAR)) == [(7, 14), (14, 16)]
    assert names(found) == ["0-7"]


def test_a_window_that_was_replaced_cuts_what_is_left_as_it_was_cut() -> None:
    found = state(Span(day(0), day(7)), Replaced(window(2, 5), ("old",)), Replaced(None, ("all",)))
    assert spans_of(found.pending_windows(CALENDAR)) == [(0, 2), (2, 5), (5, 7)]


def test_without_dates_it_is_complete_when_its_one_file_is_there() -> None:
    begun = Begun("messages", {}, "a", None)
    assert not state(Span(None, None), begun=begun).is_complete(CALENDAR)
    whole = state(Span(None, None), Done(None, part("all")), begun=begun)
    assert whole.is_complete(CALENDAR)
    assert names(whole) == ["all"]


def asked(*answers: Entry, **more: Any) -> State:
    ask = Ask(4, day(0), (window(0, 3), window(3, 7)), (Missing(ordinal(1), 77),))
    return state(Span(day(0), day(7)), done(0, 7, asks=(ask,), **more), *answers)


def test_what_was_asked_again_is_pending_until_each_window_of_it_is_answered() -> None:
    found = asked()
    assert [one.windows for one in found.pending_asks()] == [(window(0, 3), window(3, 7))]
    assert found.last_number == 4
    assert not found.is_complete(CALENDAR)
    found.add(Done(window(0, 3), part("more"), number=4, owner=day(0)))
    assert [one.windows for one in found.pending_asks()] == [(window(3, 7),)]
    found.add(Done(window(3, 7), None, number=5, owner=day(0)))  # the answer to another
    assert [one.windows for one in found.pending_asks()] == [(window(3, 7),)]
    found.add(Done(window(3, 7), None, number=4, owner=day(0)))
    assert found.pending_asks() == []
    assert found.is_complete(CALENDAR)
    assert names(found) == ["0-7", "more"]


def test_what_was_dispelled_is_not_asked_again() -> None:
    assert asked(Dispelled(3)).pending_asks() != []
    assert asked(Dispelled(4)).pending_asks() == []
    two = (Ask(4, day(0), (window(0, 3),)), Ask(9, day(0), (window(3, 7),)))
    found = state(Span(day(0), day(7)), done(0, 7, asks=two), Dispelled(4))
    assert [one.number for one in found.pending_asks()] == [9]
    assert found.last_number == 9
    assert state().last_number == 0


def test_a_part_that_was_found_counts_as_its_window_s() -> None:
    found = asked(Found(part("found"), day(0)))
    assert names(found) == ["0-7", "found"]
    assert len(found.pending_asks()) == 1


def test_the_audit_is_what_was_known_last() -> None:
    first, last = AuditState(1, 2), AuditState(3, 4)
    assert state().audit is None
    assert state(done(0, 7, state=first), done(7, 14)).audit == first
    assert state(done(0, 7, state=first), Known(last)).audit == last


def test_ids_are_expected_of_days_that_are_still_to_be_read() -> None:
    seen = pack_ids({ordinal(5): [5, 9], ordinal(8): [20, 4], ordinal(15): [30]})
    found = state(Span(day(0), day(21)), done(0, 7, expected=seen))
    assert found.expected() == {ordinal(8): [4, 20], ordinal(15): [30]}
    found.add(done(14, 21, expected=pack_ids({ordinal(13): [8], ordinal(8): [6]})))
    assert found.expected() == {ordinal(8): [4, 20, 6], ordinal(13): [8]}


def test_ids_are_expected_of_a_day_until_all_windows_that_share_it_are_there() -> None:
    """Where a day ends only a calendar knows: at the edge of a gap it may go on."""
    noon, evening = day(6) + timedelta(hours=12), day(6) + timedelta(hours=20)
    seen = pack_ids({ordinal(5): [5], ordinal(6): [9]})
    begin, middle, end = (
        Done(between(one, other, CALENDAR), part("piece"), expected=seen)
        for one, other in ((day(0), noon), (noon, evening), (evening, day(14)))
    )
    spans = Span(day(0), noon), Span(noon, evening), Span(evening, day(14))
    assert state(*spans, begin).expected() == {ordinal(6): [9]}
    assert state(*spans, begin, end).expected() == {ordinal(6): [9, 9]}
    assert state(*spans, middle).expected() == {ordinal(5): [5], ordinal(6): [9]}
    assert state(*spans, begin, middle, end).expected() == {}
    assert state(spans[0], begin).expected() == {}, "what comes after the last span is nobody's yet"


def test_ids_are_expected_of_days_that_are_asked_for_again() -> None:
    ask = Ask(1, day(7), (window(7, 9),))
    seen = pack_ids({ordinal(8): [4], ordinal(9): [5]})
    found = state(Span(day(0), day(14)), done(0, 7, expected=seen), done(7, 14, asks=(ask,)))
    assert found.expected() == {ordinal(8): [4]}


def test_what_is_being_written_expects_nothing_of_its_own_run() -> None:
    found = state(Span(day(0), day(14)))
    found.take(done(0, 7, expected=pack_ids({ordinal(8): [4]})))
    assert found.expected() == {}
    assert names(found) == ["0-7"]
    found.take(Span(day(14), day(15)))
    assert found.end == day(15)


def test_what_is_unsound_is_set_aside_and_obsolete_once_it_is_there_again() -> None:
    found = state(Span(day(0), day(14)), done(0, 7), done(7, 14))
    found.drop(lambda whole: whole.done.window == window(0, 7))
    assert names(found) == ["7-14"]
    assert found.replaced == [Replaced(window(0, 7), ("0-7",))]
    assert spans_of(found.pending_windows(CALENDAR)) == [(0, 7)]
    assert found.obsolete() == []
    found.add(done(0, 3))
    assert found.obsolete() == []
    found.add(done(3, 7))
    assert found.obsolete() == ["0-7"]
    assert found.obsolete() == []


def test_a_file_that_took_the_place_of_its_own_name_stays() -> None:
    found = state(Span(day(0), day(7)), Replaced(window(0, 7), ("0-7", "0-7_2")), done(0, 7))
    assert found.obsolete() == ["0-7_2"]


def test_all_that_is_obsolete_is_told_at_once() -> None:
    replaced = [Replaced(window(0, 3), ("one", "two")), Replaced(window(3, 7), ("three",))]
    assert state(Span(day(0), day(7)), *replaced, done(0, 7)).obsolete() == ["one", "two", "three"]


def test_without_dates_what_was_replaced_goes_when_all_is_there_again() -> None:
    found = state(Span(None, None), Replaced(None, ("old",)), begun=Begun("messages", {}, "a", None))
    assert found.obsolete() == []
    found.add(Done(None, part("new")))
    assert found.obsolete() == ["old"]


def test_of_a_window_that_is_dropped_others_expect_what_it_lacked() -> None:
    own, other = Ask(1, day(0), (window(0, 3),), (Missing(ordinal(1), 77),)), Ask(2, day(7), (window(7, 9),))
    found = state(
        Span(day(0), day(14)),
        done(0, 7),
        done(7, 14, asks=(own, other), expected=pack_ids({ordinal(1): [5]})),
        Done(window(7, 9), None, number=2, owner=day(7), asks=(own,)),
    )
    found.drop(lambda whole: whole.done.window == window(0, 7))
    assert found.pending_asks() == []
    assert sorted(found.expected()[ordinal(1)]) == [5, 77, 77]
    found = state(Span(day(0), day(14)), done(0, 7), done(7, 14, asks=(own,)), Found(part("found"), day(7)))
    found.drop(lambda whole: whole.done.window == window(0, 7))
    assert names(found) == ["7-14", "found"]
    untouched = state(Span(day(0), day(7)), done(0, 7, asks=(own,)))
    untouched.drop(lambda whole: False)
    assert len(untouched.pending_asks()) == 1


def test_the_entries_of_a_state_come_to_the_same_and_are_no_more_than_needed() -> None:
    ask = Ask(1, day(0), (window(0, 3), window(3, 7)))
    old = Ask(2, day(0), (window(0, 3),))
    known = AuditState(1, 2)
    seen = pack_ids({ordinal(1): [5], ordinal(8): [6]})
    entries: list[Entry] = [
        Span(day(0), day(14)),
        Replaced(window(7, 9), ("gone",)),
        done(0, 7, asks=(ask, old), expected=seen, state=known),
        Done(window(0, 3), None, number=2, owner=day(0)),  # has answered what is settled: it tells nothing more
        Done(window(0, 3), None, number=1, owner=day(0)),
        Done(window(0, 3), part("of the settled"), number=2, owner=day(0)),
        Found(part("found"), day(0)),
        done(9, 14),
    ]
    found = state(*entries)
    assert found.entries() == [
        BEGUN,
        *entries[:2],
        done(0, 7, asks=(ask,), expected={ordinal(8): seen[ordinal(8)]}),
        *entries[4:],
        Known(known),
    ]
    again = State(found.entries())
    assert again.entries() == found.entries()
    assert again.pending_asks() == found.pending_asks()
    assert state(Span(day(0), day(7))).entries() == [BEGUN, Span(day(0), day(7))]


def test_an_answer_that_tells_of_more_to_ask_or_to_expect_is_needed() -> None:
    ask, more = Ask(1, day(0), (window(0, 3),)), Ask(2, day(0), (window(3, 7),))
    for answer in (
        Done(window(0, 3), None, number=1, owner=day(0), asks=(more,)),
        Done(window(0, 3), None, number=1, owner=day(0), expected=pack_ids({ordinal(9): [1]})),
    ):
        found = state(Span(day(0), day(14)), done(0, 7, asks=(ask,)), answer)
        assert found.entries()[-1] == answer


def test_the_number_of_an_ask_is_not_given_again_while_an_answer_to_it_is_told_of() -> None:
    """Else that would count as the answer to the new one, too."""
    found = state(done(0, 7), *(Done(window(0, 3), part(f"more{n}"), number=n, owner=day(0)) for n in (7, 2)))
    assert found.pending_asks() == []
    assert State(found.entries()).last_number == found.last_number == 7


@pytest.mark.parametrize(
    ("end", "total", "audit", "is_kept"),
    [
        (3, 20, AuditState(20), True),
        (3, 19, AuditState(20), False),
        (1, 20, AuditState(20), False),  # a day cannot be cut in two
        (3, 20, AuditState(20, 20), False),  # it was asked for again
        (3, 19, AuditState(19), False),
    ],
)
def test_an_answer_that_may_have_been_cut_off_is_told_of_until_that_is_clear(
    end: int, total: int, audit: AuditState, is_kept: bool
) -> None:
    answer = Done(window(0, end), None, total=total, number=1, owner=day(0))
    found = state(Span(day(0), day(7)), done(0, 7), answer, Known(audit))
    assert (answer in found.entries()) is is_kept
    assert answer.may_be_cut(audit) is is_kept


def test_without_dates_nothing_is_expected_of_any_day() -> None:
    seen = pack_ids({1: [5], 0: [6]})
    assert state(Done(None, part("all"), expected=seen)).expected() == {0: [6], 1: [5]}


def test_a_plan_begins_on_the_server_s_day() -> None:
    """Cut where the first plan was, whatever the offset."""
    east = ServerCalendar("Pacific/Kiritimati", to_date_inclusive=True)
    start = east.start_of(date(2025, 1, 1))
    found = state(Span(start, start + timedelta(days=15)))
    assert [one.first for one in found.pending_windows(east)] == [date(2025, 1, 1), date(2025, 1, 8), date(2025, 1, 15)]


def test_lines_come_to_a_state_or_to_none() -> None:
    lines = [write_line(entry) for entry in (BEGUN, Span(day(0), day(7)), done(0, 7))]
    found = read_state(lines, "here")
    assert found is not None
    assert found.is_complete(CALENDAR)
    assert read_state([], "here") is None
    assert read_state([b"nonsense"], "here") is None


@pytest.mark.parametrize("lines", [[Span(None, None)], [BEGUN, Found(part("x"), START)]])
def test_lines_that_no_export_wrote_are_refused(lines: list[Entry]) -> None:
    with pytest.raises(ConfigurationError, match="here holds a journal that no export"):
        read_state(map(write_line, lines), "here")


def test_lines_that_are_whole_and_no_entries_are_refused() -> None:
    text = b'{"type":"nothing"}'
    with pytest.raises(ConfigurationError, match="here holds a journal that no export"):
        read_state([b"%08x %b" % (crc32(text), text)], "here")
