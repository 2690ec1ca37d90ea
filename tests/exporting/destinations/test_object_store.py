"""Destinations on an object store, against an S3 that runs in this process, over a real socket."""

from __future__ import annotations

import sys
import threading
import traceback
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest

from kauneonga_async.errors import ConfigurationError, DestinationLocked
from kauneonga_async.exporting.destinations import Destination, segments
from kauneonga_async.exporting.destinations import s3 as s3_module
from kauneonga_async.exporting.destinations.lease import LEASE, LOCK
from kauneonga_async.exporting.destinations.object_store import ObjectStore, object_store
from kauneonga_async.exporting.destinations.s3 import S3Store
from kauneonga_async.exporting.destinations.s3_part import CHUNK
from kauneonga_async.exporting.destinations.store import Changed
from tests.exporting.destinations.conftest import SECRET
from tests.exporting.destinations.contract import JOURNAL, PART, DestinationContract, parts, read, write
from tests.exporting.destinations.s3_server import S3Server, fail_once

Make = Callable[[], ObjectStore]
LONG = timedelta(seconds=LEASE * 2)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def owner(make: Make) -> Iterator[ObjectStore]:
    destination = make()
    destination.lock()
    yield destination
    destination.unlock()


def owned(make: Make, clock: Clock) -> ObjectStore:
    """A destination that is locked, by a clock of the test's; nobody renews it."""
    destination = ObjectStore(make().store, clock)
    destination.lock()
    abandon(destination)
    return destination


def abandon(destination: ObjectStore) -> None:
    """Stop renewing, as when the process is suspended or killed."""
    destination.lease._released.set()
    thread = destination.lease._thread
    assert thread is not None
    thread.join()


def keys(destination: ObjectStore, prefix: str = "") -> list[str]:
    return list(destination.store.stamps(prefix))


def uploads(destination: ObjectStore) -> list[str]:
    store = destination.store
    assert isinstance(store, S3Store)
    return [
        upload["Key"] for upload in store._fs.call_s3("list_multipart_uploads", Bucket=store._bucket).get("Uploads", ())
    ]


class TestS3(DestinationContract):
    pass


class TestMemory(DestinationContract):
    """Any other filesystem that fsspec knows."""

    @pytest.fixture
    def make(self) -> Callable[[], Destination]:
        url = f"memory://{uuid4().hex}/years"
        return lambda: object_store(url)


# Parts


def test_a_large_part_is_sent_in_pieces_and_invisible_until_it_is_committed(owner: ObjectStore) -> None:
    data = bytes(range(256)) * 80_000  # 20 MB
    file = owner.create(PART)
    file.write(data)
    assert uploads(owner) == [f"years/2025/{PART}"]
    assert parts(owner) == []
    stamp = file.commit()
    assert owner.stamps()[PART] == stamp
    assert stamp.size == len(data)
    assert read(owner, PART) == data
    assert uploads(owner) == []


def test_a_large_part_that_is_discarded_leaves_nothing(owner: ObjectStore) -> None:
    file = owner.create(PART)
    file.write(bytes(CHUNK + 1))
    assert uploads(owner)
    file.discard()
    assert uploads(owner) == []
    assert parts(owner) == []


def test_a_large_part_takes_flat_memory(owner: ObjectStore, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    store = owner.store
    assert isinstance(store, S3Store)
    sent = 0
    call = store.call

    def swallow(method: str, **arguments: object) -> object:
        """The server is in this process: what it keeps is not to be counted."""
        nonlocal sent
        if method == "upload_part":
            assert isinstance(arguments["Body"], bytes)
            sent += len(arguments["Body"])
            return {"ETag": '"x"'}
        return call(method, **arguments)

    monkeypatch.setattr(store, "call", swallow)
    file = owner.create(PART)
    line = b"x" * 100_000
    tracemalloc.start()
    for _ in range(1000):
        file.write(line)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent > 90_000_000
    assert peak < 2.5 * CHUNK
    file.discard()


@pytest.mark.parametrize("size", [10, CHUNK + 10])
def test_a_commit_whose_answer_is_lost_is_a_commit(owner: ObjectStore, s3: S3Server, size: int) -> None:
    file = owner.create(PART)
    file.write(bytes(size))
    s3.fault = fail_once(rf"(PUT|POST) .*{PART}(\?uploadId=[^&]*)?$", "lose")
    assert file.commit() == owner.stamps()[PART]
    assert len(read(owner, PART)) == size


def test_a_completion_that_is_sent_again_and_not_known_any_more_is_recognised(
    owner: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = owner.store
    assert isinstance(store, S3Store)
    call = store.call

    def forget(method: str, **arguments: object) -> object:
        answer = call(method, **arguments)
        if method == "complete_multipart_upload":
            raise FileNotFoundError("NoSuchUpload")
        return answer

    file = owner.create(PART)
    file.write(bytes(CHUNK + 10))
    monkeypatch.setattr(store, "call", forget)
    assert file.commit() == owner.stamps()[PART]


def test_an_upload_that_somebody_aborted_is_an_error(owner: ObjectStore, make: Make) -> None:
    file = owner.create(PART)
    file.write(bytes(CHUNK + 10))
    owner.clean()
    with pytest.raises(OSError, match="s3://"):
        file.commit()
    file.discard()
    assert parts(owner) == []


def test_cleaning_aborts_only_uploads_of_this_destination(owner: ObjectStore, bucket: str) -> None:
    others = [f"s3://{bucket}/years/2025/sub", f"s3://{bucket}/years/20255", f"s3://{bucket}"]
    for url in others:
        object_store(url).store.upload(PART, lambda: None).write(bytes(CHUNK + 1))
    owner.create(PART).write(bytes(CHUNK + 1))
    assert len(uploads(owner)) == 4
    owner.clean()
    assert sorted(uploads(owner)) == [PART, f"years/2025/sub/{PART}", f"years/20255/{PART}"]


def test_more_files_are_listed_and_removed_than_one_answer_holds(
    owner: ObjectStore, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.page = 3
    monkeypatch.setattr(s3_module, "REMOVED_AT_ONCE", 4)
    names = [f"messages_{number:04}.jsonl" for number in range(13)]
    for name in names:
        write(owner, name, b"1")
    assert parts(owner) == names
    owner.remove(names)
    assert parts(owner) == []


# The journal


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


# The lock


def test_whoever_is_refused_is_told_who_has_it_and_until_when(owner: ObjectStore, make: Make) -> None:
    with pytest.raises(DestinationLocked, match=r"s3://.*process \d+ on .* since 2.*UTC; its lock expires at 2.* UTC"):
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


# What can be given, and what is told


def test_credentials_are_in_no_message(make: Make, s3: S3Server, bucket: str) -> None:
    destination = object_store(f"s3://{bucket}/a", {"key": "canary-option", "secret": SECRET})
    destination.lock()
    s3.fault = lambda method, path: "refuse"
    with pytest.raises(PermissionError) as caught:
        write(destination, PART, b"1")
    error: BaseException | None = caught.value
    told = [str(destination), repr(destination), "".join(traceback.format_exception(caught.value))]
    while error is not None:
        told += [str(error), repr(error), repr(vars(error))]
        error = error.__context__
    assert f"s3://{bucket}/a/" in told[0]
    assert "AccessDenied, says the test" in told[2]
    assert not any(canary in text for text in told for canary in ("canary", SECRET))
    s3.fault = None
    destination.unlock()


def test_credentials_in_a_url_are_not_shown() -> None:
    assert str(object_store("memory://somebody:secret@place/years?token=secret")) == "memory://place/years/"


def test_a_bucket_that_is_not_there_is_an_error_that_names_it(s3: S3Server) -> None:
    with pytest.raises(FileNotFoundError, match="s3://no-such-bucket/"):
        object_store("s3://no-such-bucket/years").lock()


@pytest.mark.parametrize(
    ("url", "told"), [("nowhere://a/b", "nowhere://"), ("file:///tmp/a", "folder"), ("s3://", "bucket")]
)
def test_a_url_that_cannot_be_is_a_configuration_error(url: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        object_store(url)


@pytest.mark.parametrize("missing", ["s3fs", "fsspec.core"])
def test_a_missing_extra_is_told_by_its_name(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "s3", raising=False)
    with pytest.raises(ConfigurationError, match=r"pip install 'kauneonga-async\[s3\]'"):
        object_store("s3://bucket/years")
