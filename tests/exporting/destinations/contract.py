"""What every destination keeps: inherit it, and give it a fixture ``make`` that opens the same place anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from kauneonga_async.errors import DestinationLocked
from kauneonga_async.exporting.destinations import Destination

JOURNAL = "_messages.journal"
PART = "messages_2025-01-01_2025-01-07.jsonl"


def write(destination: Destination, name: str, data: bytes) -> None:
    file = destination.create(name)
    file.write(data)
    file.commit()


def read(destination: Destination, name: str) -> bytes:
    with destination.open(name) as file:
        return file.read()


def parts(destination: Destination) -> list[str]:
    return sorted(name for name in destination.stamps() if not name.startswith(("_", ".")))


class DestinationContract:
    @pytest.fixture
    def destination(self, make: Callable[[], Destination]) -> Iterator[Destination]:
        destination = make()
        destination.lock()
        yield destination
        destination.unlock()

    def test_a_part_is_invisible_until_it_is_committed(self, destination: Destination) -> None:
        file = destination.create(PART)
        file.write(b"first\n")
        file.write(memoryview(b"second\n"))
        assert parts(destination) == []
        stamp = file.commit()
        file.discard()
        assert {PART: stamp}.items() <= destination.stamps().items()
        assert stamp.size == 13
        assert read(destination, PART) == b"first\nsecond\n"

    def test_a_part_may_be_empty(self, destination: Destination) -> None:
        assert destination.create(PART).commit() == destination.stamps()[PART]
        assert read(destination, PART) == b""

    def test_a_part_replaces_what_was_there_and_has_another_stamp(self, destination: Destination) -> None:
        write(destination, PART, b"old")
        before = destination.stamps()[PART]
        file = destination.create(PART)
        file.write(b"new")
        assert read(destination, PART) == b"old"
        assert file.commit() != before
        assert read(destination, PART) == b"new"

    def test_a_discarded_part_leaves_nothing(self, destination: Destination) -> None:
        before = destination.stamps()
        file = destination.create(PART)
        file.write(b"x" * 1000)
        file.discard()
        file.discard()
        assert destination.stamps() == before

    def test_a_staged_part_is_invisible_until_it_is_adopted_by_whoever_has_the_lock(
        self, make: Callable[[], Destination], destination: Destination
    ) -> None:
        write(destination, PART, b"old")
        file, other = make().stage(PART), make().stage(PART)
        for staged in (file, other):
            staged.write(b"x" * 9_000_000)  # more than a piece of S3's
        file.write(b"new")
        stamp, late = file.commit(), other.commit()
        file.discard()
        assert (parts(destination), read(destination, PART)) == ([PART], b"old")
        mark = destination.adopt(PART, stamp.mark)
        assert (stamp.size, mark) == (9_000_003, destination.stamps()[PART].mark)
        assert read(destination, PART)[-3:] == b"new"
        destination.clean()
        with pytest.raises(OSError):  # noqa: PT011 - FileNotFoundError, but moto makes a 500 of it
            destination.adopt(PART, late.mark)
        assert (parts(destination), read(destination, PART)[-3:]) == ([PART], b"new")

    def test_a_staged_part_that_is_discarded_or_empty(self, make: Callable[[], Destination]) -> None:
        place = make()
        place.lock()
        before = place.stamps()
        file = place.stage(PART)
        file.write(b"x")
        file.discard()
        file.discard()
        assert place.stamps() == before
        place.adopt(PART, place.stage(PART).commit().mark)
        assert read(place, PART) == b""
        place.unlock()

    def test_many_parts_are_written_at_once(self, destination: Destination) -> None:
        names = [f"messages_{number}.jsonl" for number in range(24)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: write(destination, name, name.encode()), names))
        assert parts(destination) == sorted(names)
        assert all(read(destination, name) == name.encode() for name in names)

    def test_what_is_removed_is_gone_and_what_is_not_there_is_passed_over(self, destination: Destination) -> None:
        write(destination, PART, b"1")
        write(destination, "messages.jsonl", b"2")
        destination.remove([PART, "never.jsonl"])
        assert parts(destination) == ["messages.jsonl"]

    def test_a_file_that_is_not_there_cannot_be_opened(self, destination: Destination) -> None:
        with pytest.raises(FileNotFoundError):
            read(destination, "never.jsonl")

    def test_a_journal_is_read_as_it_was_written(
        self, destination: Destination, make: Callable[[], Destination]
    ) -> None:
        assert destination.read_lines(JOURNAL) == []
        destination.append_lines(JOURNAL, [b"1", b"2"])
        destination.append_lines(JOURNAL, [])
        destination.append_lines(JOURNAL, [b"3"])
        assert destination.read_lines(JOURNAL) == [b"1", b"2", b"3"]
        destination.replace_lines(JOURNAL, [b"4"])
        destination.append_lines(JOURNAL, [b"5"])
        assert destination.read_lines(JOURNAL) == make().read_lines(JOURNAL) == [b"4", b"5"]
        destination.replace_lines(JOURNAL, [])
        assert destination.read_lines(JOURNAL) == make().read_lines(JOURNAL) == []

    def test_a_journal_goes_on_where_another_process_left_it(self, make: Callable[[], Destination]) -> None:
        for number in range(5):
            destination = make()
            destination.lock()
            assert destination.read_lines(JOURNAL) == [b"%d" % earlier for earlier in range(number)]
            destination.append_lines(JOURNAL, [b"%d" % number])
            destination.unlock()

    def test_a_journal_takes_lines_of_several_threads(self, destination: Destination) -> None:
        lines = [b"%d" % number for number in range(40)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda line: destination.append_lines(JOURNAL, [line]), lines))
        assert sorted(destination.read_lines(JOURNAL)) == sorted(lines)

    def test_everything_but_the_parts_begins_with_an_underscore_or_a_dot(self, destination: Destination) -> None:
        destination.append_lines(JOURNAL, [b"1"])
        write(destination, PART, b"1")
        assert parts(destination) == [PART]

    def test_a_second_owner_is_refused_until_the_first_has_gone(
        self, destination: Destination, make: Callable[[], Destination]
    ) -> None:
        second = make()
        with pytest.raises(DestinationLocked):
            second.lock()
        write(destination, PART, b"1")
        destination.unlock()
        second.lock()
        assert parts(second) == [PART]
        second.unlock()
        destination.lock()

    def test_cleaning_keeps_what_is_whole(self, destination: Destination) -> None:
        write(destination, PART, b"1")
        destination.append_lines(JOURNAL, [b"1"])
        destination.clean()
        assert parts(destination) == [PART]
        assert destination.read_lines(JOURNAL) == [b"1"]
