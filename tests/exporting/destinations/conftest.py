from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from uuid import uuid4

import pytest

from kauneonga_async.exporting.destinations.object_store import ObjectStore, object_store
from tests.exporting.destinations.s3_server import S3Server

SECRET = "canary-secret-key"


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
