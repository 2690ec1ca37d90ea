"""A file that is being written is nobody else's until it has its name, or is gone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kauneonga_async import files
from kauneonga_async.errors import DestinationLocked
from kauneonga_async.files import AtomicFile, lock_file


def descriptors() -> int:
    """Return how many are open, where the system tells."""
    place = Path("/proc/self/fd")
    return len(list(place.iterdir())) if place.exists() else 0


def test_nobody_else_writes_to_it_meanwhile(tmp_path: Path) -> None:
    first = AtomicFile(tmp_path / "a")
    before = descriptors()
    for _ in range(3):
        with pytest.raises(DestinationLocked, match=r"^a\.part: somebody else is writing to it$"):
            AtomicFile(tmp_path / "a")
    assert descriptors() == before
    first.write(b"x")
    first.commit()
    AtomicFile(tmp_path / "a").discard()
    assert (tmp_path / "a").read_bytes() == b"x"


def test_nobody_else_takes_what_was_flushed_before_it_has_its_name(tmp_path: Path) -> None:
    first = AtomicFile(tmp_path / "a")
    first.write(b"first")
    first.flush()
    with pytest.raises(DestinationLocked):
        AtomicFile(tmp_path / "a")
    first.appear()
    assert (tmp_path / "a").read_bytes() == b"first"


@pytest.mark.parametrize("ended", [AtomicFile.commit, AtomicFile.discard])
@pytest.mark.parametrize("is_begun_again", [False, True])
def test_a_part_that_was_opened_while_somebody_else_ended_it_is_not_written_to(
    ended: Callable[[AtomicFile], object], is_begun_again: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = AtomicFile(tmp_path / "a")
    first.write(b"first")
    before, others = descriptors(), list[AtomicFile]()

    def lock_late(descriptor: int, name: str) -> None:
        monkeypatch.undo()
        ended(first)
        others.extend(AtomicFile(tmp_path / "a") for _ in range(is_begun_again))
        lock_file(descriptor, name)

    monkeypatch.setattr(files, "lock_file", lock_late)
    with pytest.raises(DestinationLocked, match=r"^a\.part: somebody else has taken"):
        AtomicFile(tmp_path / "a")
    for other in others:
        other.write(b"other")
        other.discard()
    assert descriptors() == max(0, before - 1)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"first"] * (ended is AtomicFile.commit)


def test_a_part_that_is_shorter_than_what_is_kept_is_not_filled_up(tmp_path: Path) -> None:
    part = tmp_path / "a.part"
    part.write_bytes(b"0123")
    with pytest.raises(DestinationLocked, match=r"^a\.part: somebody else has taken"):
        AtomicFile(tmp_path / "a", keep=5)
    assert part.read_bytes() == b"0123"
    AtomicFile(tmp_path / "a", keep=4).discard()  # the lock and the descriptor were given back


def test_what_was_left_off_does_not_remove_what_somebody_else_begins(tmp_path: Path) -> None:
    first = AtomicFile(tmp_path / "a")
    first.close()
    with AtomicFile(tmp_path / "a") as second:
        first.discard()
        second.write(b"second")
        second.commit()
        with AtomicFile(tmp_path / "a") as third:
            second.discard()
            third.write(b"third")
            third.commit()
    assert (tmp_path / "a").read_bytes() == b"third"


def test_a_lock_ends_with_its_descriptor(tmp_path: Path) -> None:
    descriptors = [os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT) for _ in range(2)]
    lock_file(descriptors[0], "it")
    with pytest.raises(DestinationLocked, match=r"^it: somebody"):
        lock_file(descriptors[1], "it")
    os.close(descriptors[0])
    lock_file(descriptors[1], "it")
    os.close(descriptors[1])
