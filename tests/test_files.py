"""A file is the old one or the whole new one, and its owner's alone."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from kauneonga_async import files
from kauneonga_async.files import AtomicFile, make_folder, sync_folder


class Calls:
    """Notes what is asked of the system, by the names of what it is asked about."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[str] = []
        self._names: dict[int, str] = {}
        for name in ("open", "fsync", "close", "replace"):
            monkeypatch.setattr(os, name, self._noting(name, getattr(os, name)))

    def _noting(self, name: str, call: object) -> object:
        def noted(first: object, *rest: object) -> object:
            done = call(first, *rest)  # type: ignore[operator]
            if name == "open":
                self._names[done] = Path(str(first)).name
            else:
                self.made.append(f"{name} {self._names.get(first, Path(str(first)).name)}")  # type: ignore[call-overload]
            return done

        return noted


def test_a_file_appears_whole_when_it_is_committed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"old")
    file = AtomicFile(path)
    file.write(b"new ")
    file.write(memoryview(b"and whole"))
    assert file.is_open
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir() if p != path] == ["a.jsonl.part"]
    assert file.commit() == path
    assert not file.is_open
    assert path.read_bytes() == b"new and whole"
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_is_flushed_before_it_is_renamed_and_its_folder_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = AtomicFile(tmp_path / "a")
    calls = Calls(monkeypatch)
    real_replace = Path.replace

    def replace(path: Path, target: Path) -> Path:
        calls.made.append(f"replace {path.name}")
        return real_replace(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    file.commit()
    steps = [call.split()[0] for call in calls.made]
    assert steps.index("fsync") < steps.index("replace") < len(steps) - 1 - steps[::-1].index("fsync")
    assert calls.made[-2:] == [f"fsync {tmp_path.name}", f"close {tmp_path.name}"]


def test_what_was_there_of_the_part_goes_but_for_what_is_kept(tmp_path: Path) -> None:
    part = tmp_path / "a.part"
    part.write_bytes(b"0123456789")
    part.chmod(0o644)
    with AtomicFile(tmp_path / "a", keep=4) as file:
        assert part.stat().st_mode & 0o777 == 0o600
        file.write(b"x")
        file.commit()
    assert (tmp_path / "a").read_bytes() == b"0123x"
    part.write_bytes(b"0123456789")
    AtomicFile(tmp_path / "a").commit()
    assert (tmp_path / "a").read_bytes() == b""


def test_it_is_its_owner_s_alone_from_the_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fchmod", lambda *arguments: None)
    before = os.umask(0)
    try:
        with AtomicFile(tmp_path / "new"), AtomicFile(tmp_path / "a", part=tmp_path / "gone.part"):
            assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    finally:
        os.umask(before)


def test_many_files_can_be_flushed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[tuple[int, ...]] = []
    monkeypatch.setattr(os, "posix_fadvise", lambda *arguments: begun.append(arguments), raising=False)
    monkeypatch.setattr(os, "POSIX_FADV_DONTNEED", 4, raising=False)
    with AtomicFile(tmp_path / "a") as file:
        file.write(b"x")
        file.begin_flush()
        assert begun == [(file._descriptor, 0, 0, 4)]
        monkeypatch.delattr(os, "posix_fadvise")
        file.begin_flush()
        assert file.flush().st_size == 1
        file.appear()
        assert not file.is_open
    assert (tmp_path / "a").read_bytes() == b"x"


def test_a_part_may_be_called_something_else(tmp_path: Path) -> None:
    file = AtomicFile(tmp_path / "a", part=tmp_path / "b")
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    file.discard()
    assert list(tmp_path.iterdir()) == []


def test_what_is_left_off_keeps_its_part_and_what_is_discarded_does_not(tmp_path: Path) -> None:
    path = tmp_path / "a"
    file = AtomicFile(path)
    file.write(b"x")
    file.close()
    file.close()
    assert not file.is_open
    file.discard()
    assert (tmp_path / "a.part").read_bytes() == b"x"
    file = AtomicFile(path)
    file.discard()
    file.discard()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ZeroDivisionError), AtomicFile(path):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    with AtomicFile(path) as file:
        file.commit()
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_in_the_part_s_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"theirs")
    (tmp_path / "a.part").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic"):
        AtomicFile(tmp_path / "a")
    assert (tmp_path / "target").read_bytes() == b"theirs"


def test_a_write_that_the_disk_takes_in_pieces_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real_write(descriptor, data[:3]))
    with AtomicFile(tmp_path / "a") as file:
        file.write(b"0123456789")
        file.commit()
    assert (tmp_path / "a").read_bytes() == b"0123456789"


def test_what_cannot_be_flushed_does_not_appear_and_is_not_flushed_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[int] = []

    def fail(descriptor: int) -> None:
        flushed.append(descriptor)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    file = AtomicFile(tmp_path / "a")
    with pytest.raises(OSError, match="Input/output"):
        file.commit()
    assert len(flushed) == 1
    assert not file.is_open
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(flushed[0])
    assert not (tmp_path / "a").exists()
    file.discard()
    assert list(tmp_path.iterdir()) == []


def test_where_a_file_that_is_open_keeps_its_name_it_is_closed_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_NAMES_ARE_HELD", True)
    calls = Calls(monkeypatch)
    AtomicFile(tmp_path / "a").commit()
    assert calls.made[:3] == ["fsync a.part", "close a.part", "replace a.part"]
    AtomicFile(tmp_path / "b").discard()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_folder_is_made_with_those_that_it_is_in_and_each_is_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = Calls(monkeypatch)
    make_folder(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()
    assert {call for call in calls.made if call.startswith("fsync")} == {
        f"fsync {name}" for name in (tmp_path.name, "a", "b")
    }
    calls.made.clear()
    make_folder(tmp_path / "a" / "b")
    assert calls.made == []


def test_a_folder_is_flushed_by_a_descriptor_that_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch)
    sync_folder(tmp_path)
    assert calls.made == [f"fsync {tmp_path.name}", f"close {tmp_path.name}"]
