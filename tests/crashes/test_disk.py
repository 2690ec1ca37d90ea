"""What a disk may lose, and what it may not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from kauneonga_async.files import OWNER_ONLY, AtomicFile
from tests.crashes.disk import CRASHES, Crash, Image, crash
from tests.crashes.operations import Create, Operation, Rename, Sync, SyncFolder, Write
from tests.crashes.recorder import Recorder

OLD, NEW = b"old" * 400, b"new" * 700


def recorded(root: Path, act: Callable[[], object]) -> tuple[Image, list[Operation]]:
    before = Image.of(root)
    with Recorder(root, before) as recorder:
        act()
    return before, recorder.operations


def outcomes(before: Image, operations: list[Operation], kind: Crash) -> set[bytes | None]:
    """What may be found of the file in question, over all prefixes."""
    found: set[bytes | None] = set()
    for count in range(len(operations) + 1):
        for seed in range(40):
            content = crash(before, operations[:count], kind, Random(seed)).files.get("file")
            found.add(None if content is None else content.data)
    return found


@pytest.mark.parametrize("kind", CRASHES)
def test_a_file_that_is_replaced_atomically_is_the_old_one_or_the_new_one(kind: Crash, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(OLD)

    def replace() -> None:
        with AtomicFile(tmp_path / "file") as file:
            file.write(NEW)
            file.commit()

    before, operations = recorded(tmp_path, replace)
    assert [type(operation) for operation in operations] == [Create, Write, Sync, Rename, SyncFolder]
    assert outcomes(before, operations, kind) == {OLD, NEW}


@pytest.mark.parametrize("kind", ["journaled", "posix"])
def test_a_file_that_is_renamed_before_it_is_flushed_may_be_anything(kind: Crash, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(OLD)

    def replace() -> None:
        descriptor = os.open(tmp_path / "other", os.O_WRONLY | os.O_CREAT, OWNER_ONLY)
        os.write(descriptor, NEW)
        (tmp_path / "other").replace(tmp_path / "file")
        os.close(descriptor)

    found = outcomes(*recorded(tmp_path, replace), kind)
    assert {OLD, NEW, b""} < found
    assert any(content and content not in (OLD, NEW) and NEW.startswith(content) for content in found)
    assert any(content and len(content) == len(NEW) and bytes(512) in content for content in found)


@pytest.mark.parametrize(("kind", "may_be_lost"), [("killed", False), ("journaled", False), ("posix", True)])
def test_a_name_is_safe_with_its_folder(kind: Crash, may_be_lost: bool, tmp_path: Path) -> None:
    def create() -> None:
        descriptor = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT, OWNER_ONLY)
        os.write(descriptor, NEW)
        os.fsync(descriptor)
        os.close(descriptor)

    before, operations = recorded(tmp_path, create)
    images = [crash(before, operations, kind, Random(seed)) for seed in range(40)]
    assert any("file" not in image.files for image in images) is may_be_lost
    assert all(image.files["file"].data == NEW for image in images if image.files)


def test_a_file_that_others_may_open_is_noted(tmp_path: Path) -> None:
    with Recorder(tmp_path, Image()) as recorder:
        os.close(os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT, 0o644))
    assert recorder.exposed == {"file"}
