"""Destinations on an object store, against an S3 that runs in this process, over a real socket."""

from __future__ import annotations

import sys
import traceback
import tracemalloc
from collections.abc import Callable
from uuid import uuid4

import pytest

from kauneonga_async.errors import ConfigurationError
from kauneonga_async.exporting.destinations import Destination
from kauneonga_async.exporting.destinations import s3 as s3_module
from kauneonga_async.exporting.destinations.object_store import ObjectStore, object_store
from kauneonga_async.exporting.destinations.s3 import S3Store
from kauneonga_async.exporting.destinations.s3_part import CHUNK
from tests.exporting.destinations.conftest import SECRET
from tests.exporting.destinations.contract import PART, DestinationContract, parts, read, write
from tests.exporting.destinations.owners import Make
from tests.exporting.destinations.s3_server import S3Server, fail_once


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
    ("url", "told"),
    [
        ("nowhere://a/b", "nowhere://"),
        ("file:///tmp/a", "folder"),
        ("s3://", "bucket"),
        ("s3://canary-key:canary-secret@bucket/years", "credentials"),
    ],
)
def test_a_url_that_cannot_be_is_a_configuration_error(url: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as caught:
        object_store(url)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("missing", ["s3fs", "fsspec.core"])
def test_a_missing_extra_is_told_by_its_name(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "s3", raising=False)
    with pytest.raises(ConfigurationError, match=r"pip install 'kauneonga-async\[s3\]'"):
        object_store("s3://bucket/years")
