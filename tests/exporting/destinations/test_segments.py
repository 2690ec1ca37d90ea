"""Journals on an object store: right at whatever instant their writer is killed, and whichever answer is lost."""

from __future__ import annotations

import pytest

from kauneonga_async.exporting.destinations import s3 as s3_module
from kauneonga_async.exporting.destinations import segments
from kauneonga_async.exporting.destinations.object_store import ObjectStore
from kauneonga_async.exporting.destinations.s3 import S3Store
from tests.exporting.destinations.contract import JOURNAL
from tests.exporting.destinations.owners import LONG, Make, abandon, keys
from tests.exporting.destinations.s3_server import S3Server, fail_once


class Killed(BaseException):
    """The process ends here."""


def test_a_journal_is_compacted_and_keeps_its_lines(owner: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "COMPACTED_AT", 5)
    lines = [b"%d" % number for number in range(23)]
    for line in lines:
        owner.append_lines(JOURNAL, [line])
        assert len(keys(owner, f"{JOURNAL}/")) <= 5
    assert owner.read_lines(JOURNAL) == lines


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_journal_is_right_at_whatever_instant_its_writer_is_killed(
    make: Make, s3: S3Server, monkeypatch: pytest.MonkeyPatch, *, before: bool
) -> None:
    monkeypatch.setattr(segments, "COMPACTED_AT", 3)
    call, kills, step, written = S3Store.call, 0, 0, list[bytes]()

    def kill_at_step(store: S3Store, method: str, **arguments: object) -> object:
        nonlocal step
        step -= method not in {"get_object", "list_objects_v2"}  # a kill while it reads is one before the next write
        is_last = step == 0 and method in {"put_object", "delete_objects"}
        if is_last and before:
            raise Killed
        try:
            return call(store, method, **arguments)
        finally:
            if is_last:
                raise Killed

    for kills in range(1, 100):
        destination = make()
        destination.lock()
        lines = destination.read_lines(JOURNAL)
        assert lines in (written, written[:-1])
        abandon(destination)
        step, written = kills, lines
        monkeypatch.setattr(S3Store, "call", kill_at_step)
        try:
            for number in range(5):
                written = [*written, b"%d-%d" % (kills, number)]
                destination.append_lines(JOURNAL, written[-1:])
                if number == 3:
                    destination.replace_lines(JOURNAL, written)
        except Killed:
            s3.later += LONG
        else:
            break
        finally:
            monkeypatch.setattr(S3Store, "call", call)
    assert 7 < kills < 99
    assert make().read_lines(JOURNAL) == written


def test_an_append_whose_answer_is_lost_is_there_once(owner: ObjectStore, make: Make, s3: S3Server) -> None:
    owner.append_lines(JOURNAL, [b"1"])
    s3.fault = fail_once("PUT .*journal", "lose")
    owner.append_lines(JOURNAL, [b"2"])
    owner.append_lines(JOURNAL, [b"3"])
    assert make().read_lines(JOURNAL) == [b"1", b"2", b"3"]


def test_an_append_that_failed_and_stands_is_not_added_again(owner: ObjectStore, make: Make, s3: S3Server) -> None:
    s3.fault = fail_once("PUT .*journal", "lose", times=100)
    with pytest.raises(OSError, match="InternalError"):
        owner.append_lines(JOURNAL, [b"1"])
    s3.fault = None
    owner.append_lines(JOURNAL, [b"1"])
    owner.append_lines(JOURNAL, [b"2"])
    assert make().read_lines(JOURNAL) == [b"1", b"2"]


def test_an_append_that_failed_and_stands_is_gone_round(owner: ObjectStore, make: Make, s3: S3Server) -> None:
    s3.fault = fail_once("PUT .*journal", "lose", times=100)
    with pytest.raises(OSError, match="InternalError"):
        owner.append_lines(JOURNAL, [b"1"])
    s3.fault = None
    owner.append_lines(JOURNAL, [b"2"])
    assert make().read_lines(JOURNAL) == [b"1", b"2"]


def test_a_conditional_write_that_met_another_is_tried_again(
    owner: ObjectStore, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_module, "CONFLICT_WAIT", 0)
    s3.fault = fail_once("PUT .*journal", "conflict", times=2)
    owner.append_lines(JOURNAL, [b"1"])
    assert owner.read_lines(JOURNAL) == [b"1"]


def test_a_journal_that_lacks_an_object_is_not_read(owner: ObjectStore) -> None:
    for number in range(3):
        owner.append_lines(JOURNAL, [b"%d" % number])
    owner.store.remove([f"{JOURNAL}/0000000002"])
    with pytest.raises(OSError, match="missing"):
        owner.read_lines(JOURNAL)
