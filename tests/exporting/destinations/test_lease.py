"""Locks on an object store: one owner at a time, whether a lock is held, renewed, expired or taken over."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kauneonga_async.errors import ConfigurationError, DestinationLocked
from kauneonga_async.exporting.destinations.lease import LEASE, LOCK
from kauneonga_async.exporting.destinations.object_store import ObjectStore
from kauneonga_async.exporting.destinations.store import Changed
from tests.exporting.destinations.contract import JOURNAL, PART, write
from tests.exporting.destinations.owners import LONG, Make, abandon, keys
from tests.exporting.destinations.s3_server import S3Server, fail_once


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def owned(make: Make, clock: Clock) -> ObjectStore:
    """A destination that is locked, by a clock of the test's; nobody renews it."""
    destination = ObjectStore(make().store, clock)
    destination.lock()
    abandon(destination)
    return destination


def test_whoever_is_refused_is_told_who_has_it_and_until_when(owner: ObjectStore, make: Make) -> None:
    with pytest.raises(
        DestinationLocked, match=r"^destination: process \d+ on .* s3://.* since 2.*UTC; its lock expires at 2.* UTC"
    ):
        make().lock()


def test_a_lock_leaves_nothing_behind(make: Make) -> None:
    destination = make()
    destination.lock()
    assert keys(destination) == [LOCK]
    thread = destination.lease._thread
    destination.unlock()
    assert keys(destination) == []
    assert thread is not None
    assert not thread.is_alive()


def test_a_lock_whose_answer_is_lost_is_ours(make: Make, s3: S3Server) -> None:
    s3.fault = fail_once(f"PUT .*{LOCK}", "lose")
    destination = make()
    destination.lock()
    write(destination, PART, b"1")
    destination.unlock()


def test_a_lock_that_expired_is_taken_over_by_exactly_one(make: Make, s3: S3Server, bucket: str) -> None:
    gone = owned(make, Clock())
    contenders = [make() for _ in range(12)]
    with pytest.raises(DestinationLocked):
        contenders[0].lock()
    s3.make_older(bucket, f"years/2025/{LOCK}", LONG)
    start = threading.Barrier(len(contenders))

    def contend(destination: ObjectStore) -> bool:
        start.wait()
        try:
            destination.lock()
        except DestinationLocked:
            return False
        return True

    with ThreadPoolExecutor(len(contenders)) as pool:
        won = list(pool.map(contend, contenders))
    assert sum(won) == 1
    with pytest.raises(DestinationLocked):
        gone.lease.renew()
    contenders[won.index(True)].unlock()
    assert keys(gone) == []


def test_a_renewal_makes_whoever_looked_before_it_too_late(make: Make, s3: S3Server) -> None:
    destination = owned(make, Clock())
    found = destination.store.get(LOCK)
    destination.lease.renew()
    assert found is not None
    with pytest.raises(Changed):
        destination.store.swap(LOCK, b"another's", found.mark)
    destination.unlock()


def test_a_renewal_whose_answer_is_lost_for_good_is_found_to_be_ours(make: Make, s3: S3Server) -> None:
    clock = Clock()
    destination = owned(make, clock)
    s3.fault = fail_once(f"PUT .*{LOCK}", "lose", times=100)
    with pytest.raises(OSError, match="InternalError"):
        destination.lease.renew()
    s3.fault = None
    clock.now += LEASE
    write(destination, PART, b"1")
    destination.unlock()
    assert keys(destination) == [PART]


def test_a_lock_is_let_go_though_the_answer_to_its_last_renewal_is_lost(make: Make, s3: S3Server) -> None:
    destination = owned(make, Clock())
    s3.fault = fail_once(f"PUT .*{LOCK}", "lose", times=100)
    with pytest.raises(OSError, match="InternalError"):
        destination.lease.renew()
    s3.fault = None
    destination.unlock()
    assert keys(destination) == []


def test_an_owner_that_was_suspended_goes_on_if_nobody_took_over(make: Make) -> None:
    clock = Clock()
    destination = owned(make, clock)
    clock.now += LEASE * 100
    destination.append_lines(JOURNAL, [b"1"])
    write(destination, PART, b"1")
    assert destination.read_lines(JOURNAL) == [b"1"]
    destination.unlock()


@pytest.mark.parametrize("does_notice", [True, False], ids=["lapsed", "unnoticed"])
def test_an_owner_that_was_suspended_writes_nothing_after_another_took_over(
    make: Make, s3: S3Server, *, does_notice: bool
) -> None:
    clock = Clock()
    old = owned(make, clock)
    old.append_lines(JOURNAL, [b"old"])
    file = old.create(PART)
    file.write(b"old")
    s3.later = LONG
    new = make()
    new.lock()
    assert new.read_lines(JOURNAL) == [b"old"]
    if does_notice:
        clock.now += LEASE
        for forbidden in (
            file.commit,
            lambda: old.remove([PART]),
            old.clean,
            lambda: old.create(PART).commit(),
        ):
            with pytest.raises(DestinationLocked):
                forbidden()
    for forbidden in (
        lambda: old.append_lines(JOURNAL, [b"late"]),
        lambda: old.replace_lines(JOURNAL, [b"late"]),
    ):
        with pytest.raises(DestinationLocked):
            forbidden()
    new.append_lines(JOURNAL, [b"new"])
    assert new.read_lines(JOURNAL) == make().read_lines(JOURNAL) == [b"old", b"new"]
    file.discard()
    old.unlock()
    assert LOCK in keys(new) or not does_notice
    new.unlock()


def test_nothing_is_written_without_the_lock(make: Make) -> None:
    destination = make()
    for forbidden in (
        lambda: destination.append_lines(JOURNAL, [b"1"]),
        lambda: destination.replace_lines(JOURNAL, [b"1"]),
        lambda: destination.create(PART).commit(),
        lambda: destination.remove([PART]),
        destination.clean,
    ):
        with pytest.raises(DestinationLocked):
            forbidden()
    assert keys(destination) == []


@pytest.mark.parametrize("header", ["If-None-Match", "If-Match"])
def test_a_store_that_ignores_conditions_is_refused(make: Make, s3: S3Server, header: str) -> None:
    s3.ignores = (header,)
    destination = make()
    with pytest.raises(ConfigurationError, match=header):
        destination.lock()
    assert keys(destination) == []


def test_it_is_renewed_while_it_is_held(make: Make, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kauneonga_async.exporting.destinations.lease.RENEWALS", 10_000)
    destination = make()
    renewed = threading.Event()
    s3.fault = lambda method, path: (
        renewed.set() if destination.lease._thread and method == "PUT" and LOCK in path else None
    )
    destination.lock()
    assert renewed.wait(30)
    destination.unlock()
    assert keys(destination) == []
