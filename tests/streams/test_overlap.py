"""The padding as a checksum: what windows saw of each other, and what became of it, also where they share days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from operator import attrgetter

from hypothesis import given
from hypothesis import strategies as st

from kauneonga_async import ServerCalendar
from kauneonga_async.streams.ids import IdSet
from kauneonga_async.streams.overlap import Lack, Missing, Overlap
from kauneonga_async.streams.sightings import Sightings
from kauneonga_async.windows import Range, Window, between

ORIGIN = datetime(2025, 3, 28, tzinfo=UTC)
HOUR = timedelta(hours=1)
CALENDARS = [
    ServerCalendar(),
    ServerCalendar("UTC", to_date_inclusive=True),
    ServerCalendar("Europe/Berlin"),  # a day of 23 hours is among them
    ServerCalendar("Pacific/Kiritimati", to_date_inclusive=False),
]


class World:
    """Records by their id, and windows that are read of them.

    Args:
        calendar: Whose days are meant.
        cuts: The hours at which windows meet; the first and the last are the bounds.
        hours: When records were created; each one's id is its place.
        kept_back: Ids that the list of their own window lacks, and those of others hold.
        keeps_times: Whether windows keep when what they see was created.
    """

    def __init__(
        self,
        calendar: ServerCalendar,
        cuts: list[int],
        hours: list[int],
        kept_back: set[int],
        *,
        keeps_times: bool = False,
    ) -> None:
        self.keeps_times = keeps_times
        self.calendar = calendar
        self.windows = [between(at(begin), at(end), calendar) for begin, end in pairwise(cuts)]
        self.bounds = Range(at(cuts[0]), at(cuts[-1]))
        self.times = {number: at(hour) for number, hour in enumerate(hours, start=1)}
        self.kept_back = kept_back & self.times.keys()
        self.seen: set[int] = set()

    def overlap(self) -> Overlap[Window]:
        return Overlap(self.bounds, self.calendar)

    def owner(self, record_id: int) -> Window | None:
        return next((window for window in self.windows if window.owns(self.times[record_id])), None)

    def read(self, overlap: Overlap[Window], window: Window, *, whole: bool = False) -> list[Lack[Window]]:
        """Deliver what a window, or a half of one, owns, and what it sees."""
        first, last = window.first - timedelta(days=1), window.last + timedelta(days=1)
        sightings = Sightings(self.bounds, self.calendar, keep_times=self.keeps_times)
        for number, time in self.times.items():
            if not window.owns(time) and first <= self.calendar.day_of(time) <= last:
                sightings.note([time], [number])
                if self.owner(number) is not None:
                    self.seen.add(number)
        owner = next(one for one in self.windows if one.owns(window.start))
        lacks, expected = overlap.deliver(
            window, owner, self.ids_of(window, whole=whole), sightings.by_day, sightings.times
        )
        assert expected.keys() <= sightings.by_day.keys()
        return lacks

    def ids_of(self, window: Window, *, whole: bool = False) -> IdSet:
        ids = IdSet()
        for number, time in self.times.items():
            if window.owns(time) and (whole or number not in self.kept_back):
                ids.add(number)
        return ids


def at(hour: int) -> datetime:
    return ORIGIN + hour * HOUR


def missing_of(lacks: list[Lack[Window]]) -> set[int]:
    return {record.record_id for lack in lacks for record in lack.missing}


@st.composite
def worlds(draw: st.DrawFn) -> World:
    cuts = draw(st.sets(st.integers(0, 120), min_size=2, max_size=12).map(sorted))
    hours = draw(st.lists(st.integers(0, 120), max_size=30))
    kept_back = draw(st.sets(st.integers(1, 30), max_size=4))
    return World(draw(st.sampled_from(CALENDARS)), cuts, hours, kept_back, keeps_times=draw(st.booleans()))


@given(world=worlds(), data=st.data())
def test_what_is_missed_is_what_others_saw_and_its_owner_kept_back(world: World, data: st.DataObject) -> None:
    """Its owner is among those of the day, the last one if instants are known, in whatever order windows are read."""
    overlap, found = world.overlap(), set[int]()
    for window in data.draw(st.permutations(world.windows)):
        for missing, owners in world.read(overlap, window):
            for day, record_id in missing:
                found.add(record_id)
                assert world.calendar.day_of(world.times[record_id]).toordinal() == day
                assert world.owner(record_id) in owners
                assert owners[-1] == world.owner(record_id) or not world.keeps_times
            assert len(owners) == len(set(owners))
            assert list(owners) == sorted(owners, key=attrgetter("start")) or world.keeps_times
    assert found == world.kept_back & world.seen


@given(world=worlds(), data=st.data())
def test_what_was_missed_is_missed_until_all_that_were_asked_again_have_answered(
    world: World, data: st.DataObject
) -> None:
    overlap = world.overlap()
    for window in world.windows:
        lacks = world.read(overlap, window)
        again: list[Window] = []
        for owner in dict.fromkeys(owner for lack in lacks for owner in lack.owners):
            overlap.reopen(owner, [record for lack in lacks if owner in lack.owners for record in lack.missing])
            again += owner.halves(world.calendar) or [owner]
        was_found = data.draw(st.booleans())
        still: set[int] = set()
        for part in data.draw(st.permutations(again)):
            still |= missing_of(world.read(overlap, part, whole=was_found))
        # What an earlier round did not find is missed again.
        assert still.isdisjoint(missing_of(lacks)) if was_found else still >= missing_of(lacks)


@given(world=worlds(), data=st.data())
def test_what_a_run_before_saw_counts_until_the_day_is_whole(world: World, data: st.DataObject) -> None:
    """Of windows that were read before is known what they hold and, apart from that, what they saw."""
    done = data.draw(st.integers(0, len(world.windows)))
    before, overlap = world.overlap(), world.overlap()
    found: set[int] = set()
    for window in world.windows[:done]:
        found |= missing_of(world.read(before, window))
        assert overlap.deliver(window, window, world.ids_of(window), {}, {}) == ([], {})
    expected: dict[int, list[int]] = {}
    for number in world.seen:
        expected.setdefault(world.calendar.day_of(world.times[number]).toordinal(), []).append(number)
    overlap.expect(expected)
    for window in world.windows[done:]:
        found |= missing_of(world.read(overlap, window))
    assert found == world.kept_back & world.seen


def test_windows_that_are_far_behind_are_let_go_but_for_days_of_which_something_is_asked_again() -> None:
    world = World(ServerCalendar(), [0, 12, 24, 48, 480], [1, 13, 25], {1})
    overlap = world.overlap()
    first, second, third, _ = world.windows
    assert world.read(overlap, first) == []
    (lack,) = world.read(overlap, second)
    assert lack == Lack(frozenset({Missing(ORIGIN.toordinal(), 1)}), (first, second))
    overlap.reopen(first, lack.missing)
    overlap.forget_before(date(2025, 4, 20))
    assert missing_of(world.read(overlap, first)) == {1}, "the afternoon's window is still known"
    overlap.forget_before(date(2025, 4, 20))
    assert world.read(overlap, third) == [], "none is: what is seen of that day is compared with nothing"
