"""A folder as a destination."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kauneonga_async.exporting.destinations import Destination, Folder
from tests.exporting.destinations.contract import JOURNAL, PART, DestinationContract, read, write


class TestFolder(DestinationContract):
    @pytest.fixture
    def make(self, tmp_path: Path) -> Callable[[], Destination]:
        return lambda: Folder(tmp_path / "years" / "2025", "messages")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path, "messages")


def test_all_that_is_made_is_its_owner_s_alone(folder: Folder) -> None:
    folder.lock()
    write(folder, PART, b"text")
    folder.replace_lines(JOURNAL, [b"one"])
    folder.append_lines(JOURNAL, [b"two"])
    folder.unlock()
    assert {path.stat().st_mode & 0o777 for path in folder.path.iterdir()} == {0o600}


def test_two_kinds_of_export_can_share_a_folder(folder: Folder) -> None:
    recordings = Folder(folder.path, "recordings")
    folder.lock()
    recordings.lock()
    recordings.unlock()
    folder.unlock()


def test_a_line_that_was_torn_off_is_no_line(folder: Folder) -> None:
    folder.replace_lines(JOURNAL, [b"one", b"two"])
    with (folder.path / JOURNAL).open("ab") as file:
        file.write(b"thr")
    assert folder.read_lines(JOURNAL) == [b"one", b"two"]


def test_lines_that_the_disk_has_no_room_for_leave_no_half(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.replace_lines(JOURNAL, [b"one"])
    write_all = os.write

    def write_half(descriptor: int, data: memoryview) -> int:
        if bytes(data) == b"o\n":
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_all(descriptor, data[: len(data) - 2])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write_half)
        with pytest.raises(OSError, match="No space"):
            folder.append_lines(JOURNAL, [b"two"])
    folder.append_lines(JOURNAL, [b"three"])
    assert folder.read_lines(JOURNAL) == [b"one", b"three"]
    folder.unlock()


def test_links_are_not_followed(folder: Folder, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"somebody's")
    (tmp_path / "_messages.lock").symlink_to(victim)
    with pytest.raises(OSError, match=r"_messages\.lock"):
        folder.lock()
    (tmp_path / f"_{PART}.part").symlink_to(victim)
    with pytest.raises(OSError, match="part"):
        folder.create(PART)
    assert victim.read_bytes() == b"somebody's"


def test_what_a_crash_left_goes_and_what_is_another_s_stays(folder: Folder) -> None:
    left = folder.path / f"_{PART}.part"
    others = folder.path / "_recordings.jsonl.part"
    for path in (left, others):
        path.touch()
    write(folder, PART, b"whole")
    folder.clean()
    assert not left.exists()
    assert others.exists()
    assert read(folder, PART) == b"whole"
