"""Targets: files that land together are flushed before any of them appears, and none holds the others up."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from kauneonga_async.downloads import Target, land
from kauneonga_async.errors import DestinationLocked
from kauneonga_async.files import AtomicFile

AUDIO = b"ID3\x03" + bytes(1000)


def received(folder: Path, name: str) -> Target:
    target = Target(folder / name, 1, "https://audio.example/a.mp3")
    target.expect(0, len(AUDIO), '"v1"')
    target.hold([AUDIO[:10], AUDIO[10:]])
    return target


def test_all_are_flushed_before_any_appears_and_the_folder_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)

        def noted(*arguments: Any, name: str = name, real: Any = real) -> Any:
            is_folder = name == "fsync" and os.path.isdir(f"/dev/fd/{arguments[0]}")  # noqa: PTH112
            done.append("folder" if is_folder else name)
            return real(*arguments)

        monkeypatch.setattr(os, name, noted)
    targets = [received(tmp_path, f"{number}.mp3") for number in range(3)]
    land(targets)
    assert done == ["fsync"] * 3 + ["replace"] * 3 + ["folder"]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {f"{n}.mp3": AUDIO for n in range(3)}
    assert all(target.modified == target.path.stat().st_mtime_ns for target in targets)


def test_one_that_cannot_land_does_not_hold_the_others_up(tmp_path: Path) -> None:
    (tmp_path / "1.mp3.part").mkdir()
    targets = [received(tmp_path, f"{number}.mp3") for number in range(3)]
    land(targets)
    assert [type(target.error) for target in targets] == [type(None), IsADirectoryError, type(None)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.mp3", "1.mp3.part", "2.mp3"]


def test_what_cannot_be_flushed_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = [OSError(5, "Input/output error")]
    real = os.fsync

    def fail_once(descriptor: int) -> None:
        if failures:
            raise failures.pop()
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fail_once)
    targets = [received(tmp_path, f"{number}.mp3") for number in range(2)]
    land(targets)
    assert targets[0].error is not None
    assert [path.name for path in tmp_path.glob("*.mp3")] == ["1.mp3"]
    again = received(tmp_path, "0.mp3")
    land([again])
    assert again.path.read_bytes() == AUDIO
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.mp3", "1.mp3"]


def test_nobody_else_takes_a_file_that_is_about_to_appear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (received(tmp_path, name) for name in ("1.mp3", "1.mp3", "2.mp3"))
    real = os.replace

    def replace_late(*arguments: Any) -> None:
        monkeypatch.undo()
        land([second, third])
        real(*arguments)

    monkeypatch.setattr(os, "replace", replace_late)
    land([first])
    assert (first.error, type(second.error), third.error) == (None, DestinationLocked, None)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"1.mp3": AUDIO, "2.mp3": AUDIO}


@pytest.mark.parametrize("is_begun", [False, True])
def test_what_cannot_appear_leaves_nothing_behind(is_begun: bool, tmp_path: Path) -> None:
    target = received(tmp_path, "1.mp3")
    if is_begun:
        target.append([AUDIO])
        target.keep()
    (tmp_path / "1.mp3").mkdir()
    land([target])
    assert isinstance(target.error, IsADirectoryError)
    assert [path.name for path in tmp_path.iterdir()] == ["1.mp3"]


def test_what_somebody_left_with_other_permissions_is_its_owner_s_alone(tmp_path: Path) -> None:
    left = tmp_path / "1.mp3.part"
    left.write_bytes(bytes(5000))
    left.chmod(0o644)
    target = received(tmp_path, "1.mp3")
    land([target])
    assert target.path.read_bytes() == AUDIO
    assert target.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("left", [b"", b"\n", b"{", b'{"record_id":1,"url"', b"null\n", b"\xff\n"])
def test_a_sidecar_that_a_kill_left_torn_goes_when_the_file_lands(left: bytes, tmp_path: Path) -> None:
    (tmp_path / "1.mp3.part").write_bytes(AUDIO[:10])
    (tmp_path / "1.mp3.part.json").write_bytes(left)
    target = Target(tmp_path / "1.mp3", 1, "https://audio.example/a.mp3")
    target.look()
    assert (target.kept, target.validator) == (0, None)
    target.expect(0, len(AUDIO), '"v1"')
    target.hold([AUDIO])
    land([target])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"1.mp3": AUDIO}


def test_a_sidecar_that_somebody_left_with_other_permissions_is_its_owner_s_alone(tmp_path: Path) -> None:
    left = tmp_path / "1.mp3.part.json"
    left.write_bytes(b"{}\n")
    left.chmod(0o644)
    target = received(tmp_path, "1.mp3")
    target.append([AUDIO])
    target.leave()
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {
        "1.mp3.part": 0o600,
        "1.mp3.part.json": 0o600,
    }


def test_what_is_left_off_before_it_lands_can_be_begun_again_at_once(tmp_path: Path) -> None:
    first = received(tmp_path, "1.mp3")
    first.append([AUDIO])
    first.keep()
    first.leave()
    second = Target(tmp_path / "1.mp3", 1, "https://audio.example/a.mp3")
    second.look()
    assert second.kept == len(AUDIO)
    second.expect(second.kept, second.kept, None)
    land([second])
    assert second.error is None
    assert second.size == len(AUDIO)
    assert [path.name for path in tmp_path.iterdir()] == ["1.mp3"]


def test_what_one_download_is_writing_is_not_forgotten_by_another_that_looked_at_it(tmp_path: Path) -> None:
    first, second, third = (received(tmp_path, "1.mp3") for _ in range(3))
    first.append([AUDIO])
    first.keep()
    second.look()
    second.forget()
    assert second.validator is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.mp3.part", "1.mp3.part.json"]
    first.append([AUDIO])
    first.leave()
    third.look()
    assert third.kept == 2 * len(AUDIO)
    first.expect(first.kept, 3 * len(AUDIO), '"v1"')
    first.append([AUDIO])
    land([first])
    assert first.error is None
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"1.mp3": 3 * AUDIO}


def test_what_nobody_is_writing_is_forgotten_and_the_next_download_begins_anew(tmp_path: Path) -> None:
    first, second, third = (received(tmp_path, "1.mp3") for _ in range(3))
    first.append([AUDIO])
    first.leave()
    second.look()
    second.forget()
    third.look()
    assert third.kept == 0
    assert list(tmp_path.iterdir()) == []
    land([third])
    assert third.error is None
    assert third.path.read_bytes() == AUDIO


def test_a_disk_that_is_full_is_left_without_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: AtomicFile, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as context:
        context.setattr(AtomicFile, "write", full)
        target = received(tmp_path, "1.mp3")
        land([target])
    assert isinstance(target.error, OSError)
    assert target.error.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []
    again = received(tmp_path, "1.mp3")
    land([again])
    assert again.error is None
