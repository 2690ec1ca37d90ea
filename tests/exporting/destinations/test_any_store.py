"""Destinations on stores that can do less than S3: no conditions, listings without marks, writes that are torn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import fsspec
import msgspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from kauneonga_async import KauneongaClient, export_messages
from kauneonga_async.errors import DestinationLocked
from kauneonga_async.exporting import opening
from kauneonga_async.exporting.destinations import Destination, any_store
from kauneonga_async.exporting.destinations.lease import LOCK
from kauneonga_async.exporting.destinations.object_store import ObjectStore, object_store
from tests.exporting.destinations.contract import JOURNAL, PART, read
from tests.exporting.destinations.owners import Make, keys


class BareFileSystem(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Lists names and sizes, and nothing that would tell of a change."""

    protocol = "bare"
    store: dict[str, Any] = {}  # noqa: RUF012 - as its base has it
    pseudo_dirs = [""]  # noqa: RUF012

    def ls(self, path: str, detail: bool = True, **options: Any) -> list[Any]:  # noqa: FBT002 - fsspec's
        entries = super().ls(path, detail=True, **options)
        if not detail:
            return [entry["name"] for entry in entries]
        return [{name: entry[name] for name in ("name", "size", "type")} for entry in entries]


@pytest.fixture
def make() -> Callable[[], ObjectStore]:
    fsspec.register_implementation("bare", BareFileSystem, clobber=True)
    url = f"bare://{uuid4().hex}/years"
    return lambda: object_store(url)


def test_whoever_is_refused_the_lock_leaves_it_where_it_is(make: Make) -> None:
    first, second, third = make(), make(), make()
    first.lock()
    for refused in (second, third):
        with pytest.raises(DestinationLocked):
            refused.lock()
        assert refused.lease.token == ""
        refused.unlock()
    assert keys(first) == [LOCK]
    first.unlock()
    assert keys(first) == []


def test_a_lock_that_another_took_meanwhile_is_neither_renewed_nor_removed(make: Make) -> None:
    first, second = make(), make()
    first.lock()
    first.store.remove([LOCK])  # by somebody who took the process for dead
    second.lock()
    with pytest.raises(DestinationLocked):
        first.lease.renew()
    first.unlock()
    assert keys(second) == [LOCK]
    second.lease.renew()
    second.unlock()
    assert keys(second) == []


def torn_off(destination: ObjectStore, number: int, length: int) -> None:
    """Leave the beginning of an object of the journal, as a writer that ended within its write."""
    store = destination.store
    name = f"{JOURNAL}/{number:010}"
    found = store.get(name)
    assert found is not None
    store.remove([name])
    store.create(name, found.data[:length])


@pytest.mark.parametrize("length", [0, 20, -1, -2, -5])
def test_the_last_object_of_a_journal_is_passed_over_if_it_is_torn(make: Make, length: int) -> None:
    first = make()
    first.lock()
    first.append_lines(JOURNAL, [b"1"])
    first.append_lines(JOURNAL, [b"2", b"22"])
    first.unlock()
    torn_off(first, 2, length)
    assert make().read_lines(JOURNAL) == [b"1"]
    assert len(keys(first, f"{JOURNAL}/")) == 2  # whoever only reads removes nothing
    second = make()
    second.lock()
    assert second.read_lines(JOURNAL) == [b"1"]
    second.append_lines(JOURNAL, [b"3"])
    assert second.read_lines(JOURNAL) == make().read_lines(JOURNAL) == [b"1", b"3"]


def test_a_base_that_is_torn_leaves_the_lines_that_it_was_to_replace(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make()
    first.lock()
    first.append_lines(JOURNAL, [b"1"])
    first.append_lines(JOURNAL, [b"2"])
    monkeypatch.setattr(first.store, "remove", lambda names: None)
    first.replace_lines(JOURNAL, [b"1", b"2"])
    first.unlock()
    monkeypatch.undo()
    torn_off(first, 3, -2)
    assert make().read_lines(JOURNAL) == [b"1", b"2"]


def test_a_write_that_was_torn_is_made_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    destination = make()
    destination.lock()
    destination.append_lines(JOURNAL, [b"1"])
    pipe_file = BareFileSystem.pipe_file

    def tear(fs: BareFileSystem, path: str, value: bytes, **options: Any) -> None:
        monkeypatch.undo()
        pipe_file(fs, path, value[:-2], **options)
        raise ConnectionResetError

    monkeypatch.setattr(BareFileSystem, "pipe_file", tear)
    with pytest.raises(ConnectionResetError):
        destination.append_lines(JOURNAL, [b"2"])
    destination.append_lines(JOURNAL, [b"2"])
    assert destination.read_lines(JOURNAL) == make().read_lines(JOURNAL) == [b"1", b"2"]


def test_a_store_that_tears_every_write_is_an_error(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    destination = make()
    destination.lock()
    pipe_file = BareFileSystem.pipe_file
    monkeypatch.setattr(
        BareFileSystem, "pipe_file", lambda fs, path, value, **options: pipe_file(fs, path, value[:-2], **options)
    )
    with pytest.raises(OSError, match=f"{JOURNAL}/0000000001: .*damaged"):
        destination.append_lines(JOURNAL, [b"1"])


def test_an_object_that_is_damaged_is_named_and_goes_when_all_is_replaced(make: Make) -> None:
    first, second = make(), make()
    first.lock()
    first.append_lines(JOURNAL, [b"1"])
    first.append_lines(JOURNAL, [b"2"])
    first.unlock()
    torn_off(first, 1, 0)
    second.lock()
    with pytest.raises(OSError, match=f"years/{JOURNAL}/0000000001: .*damaged.*overwrite"):
        second.read_lines(JOURNAL)
    second.unlock()
    second.lock()
    second.replace_lines(JOURNAL, [b"3"])
    assert second.read_lines(JOURNAL) == make().read_lines(JOURNAL) == [b"3"]
    assert len(keys(second, f"{JOURNAL}/")) == 1


async def test_an_export_over_a_journal_that_is_damaged_begins_anew(make: Make, client: KauneongaClient) -> None:
    destination = make()
    days = date(2025, 1, 1), date(2025, 1, 31)
    whole = await export_messages(client, str(destination), *days)
    last = max(map(int, keys(destination, f"{JOURNAL}/")))
    for number in (last + 1, last + 2):
        destination.store.create(f"{JOURNAL}/{number:010}", b"somebody else's\n")
    with pytest.raises(OSError, match="damaged"):
        await export_messages(client, str(destination), *days)
    anew = await export_messages(client, str(destination), *days, overwrite=True)
    assert (anew.parts, anew.records) == (whole.parts, whole.records)


def test_a_lock_that_was_renewed_though_the_answer_is_lost_is_let_go(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    destination = make()
    destination.lock()
    pipe_file = BareFileSystem.pipe_file

    def lose(fs: BareFileSystem, path: str, value: bytes, **options: Any) -> None:
        pipe_file(fs, path, value, **options)
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(BareFileSystem, "pipe_file", lose)
        with pytest.raises(ConnectionResetError):
            destination.lease.renew()
    destination.unlock()
    assert keys(destination) == []


def test_what_somebody_else_put_beside_a_journal_is_no_part_of_it(make: Make) -> None:
    destination = make()
    destination.lock()
    destination.append_lines(JOURNAL, [b"1"])
    for name in ("2", "00000000002", "\N{ARABIC-INDIC DIGIT TWO}" * 10):
        destination.store.create(f"{JOURNAL}/{name}", b"a note")
    assert make().read_lines(JOURNAL) == [b"1"]


def test_a_part_of_which_not_all_arrived_is_an_error_and_is_not_left_there(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    destination = make()
    destination.lock()
    file = destination.create(PART)
    file.write(b"whole")

    def send_half(fs: BareFileSystem, local: str, path: str) -> None:
        fs.pipe_file(path, b"who")

    monkeypatch.setattr(BareFileSystem, "put_file", send_half)
    with pytest.raises(OSError, match=f"{PART}: of 5 bytes that were sent 3 arrived"):
        file.commit()
    file.discard()
    assert PART not in destination.stamps()


def test_a_part_that_was_staged_appears_in_the_place_of_what_was_there(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = BareFileSystem.mv

    def move_over_nothing(fs: BareFileSystem, old: str, new: str) -> None:
        if not fs.exists(new):
            move(fs, old, new)

    monkeypatch.setattr(BareFileSystem, "mv", move_over_nothing)
    destination = make()
    destination.lock()
    for data in (b"old", b"new"):
        file = destination.stage(PART)
        file.write(data)
        destination.adopt(PART, file.commit().mark)
    assert read(destination, PART) == b"new"
    assert keys(destination) == [LOCK, PART]


async def test_what_was_written_before_its_store_s_marks_were_known_is_read_once(
    make: Make, client: KauneongaClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Earlier versions did not know how some stores call the time of a file."""
    url, days = str(make()), (date(2025, 1, 1), date(2025, 1, 31))
    whole = await export_messages(client, url, *days)
    bare = any_store._stamp
    monkeypatch.setattr(any_store, "_stamp", lambda entry: msgspec.structs.replace(bare(entry), mark="a time"))
    read: list[str] = []
    digest_of = opening.digest_of

    def note_and_digest(destination: Destination, name: str) -> str:
        read.append(name)
        return digest_of(destination, name)

    monkeypatch.setattr(opening, "digest_of", note_and_digest)
    for expected in (whole.parts, 0):
        report = await export_messages(client, url, *days)
        assert (report.parts, report.parts_kept) == (0, whole.parts)
        assert len(read) == expected
        read.clear()
