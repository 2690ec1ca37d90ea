from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from botocore.loaders import JSONFileLoader

from kauneonga_async.exporting.destinations.object_store import ObjectStore, object_store
from tests.exporting.destinations.owners import Make
from tests.exporting.destinations.s3_server import S3Server

SECRET = "canary-secret-key"
_load_file = JSONFileLoader.load_file


@cache
def _read_once(path: str) -> Any:
    return _load_file(JSONFileLoader(), path)


@pytest.fixture(autouse=True, scope="package")
def _models_are_read_once() -> Iterator[None]:
    """Each client of botocore would read megabytes of what S3 is, in a third of a second."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("botocore.loaders.JSONFileLoader.load_file", lambda _, path: _read_once(path))
        yield


@pytest.fixture(scope="module")
def s3_server() -> Iterator[S3Server]:
    server = S3Server()
    yield server
    server.close()


@pytest.fixture
def s3(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The server, in order, with the environment that leads to it."""
    s3_server.__dict__.update(requests=[], later=s3_server.later * 0, fault=None, ignores=(), page=1000)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "canary-key-id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    # Between its tries botocore waits for a random time.
    monkeypatch.setattr("botocore.retryhandler.random", SimpleNamespace(random=lambda: 0.0))
    return s3_server


@pytest.fixture
def bucket(s3: S3Server) -> str:
    name = f"exports-{uuid4().hex}"
    object_store("s3://any").store._fs.call_s3("create_bucket", Bucket=name)  # type: ignore[attr-defined]
    return name


@pytest.fixture
def make(bucket: str) -> Callable[[], ObjectStore]:
    store = object_store(f"s3://{bucket}/years/2025").store
    return lambda: ObjectStore(store)


@pytest.fixture
def owner(make: Make) -> Iterator[ObjectStore]:
    destination = make()
    destination.lock()
    yield destination
    destination.unlock()
