"""What every test runs under, and what many of them use."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, TypeVar

import prometheus_client
import pytest
from hypothesis import settings

from kauneonga_async import KauneongaClient
from kauneonga_async.sandbox import Sandbox
from tests.budget import SHARE, examples
from tests.clock import JumpingLoop

T = TypeVar("T")

# No deadline: what a machine does beside is no defect of ours.
# Under nohup, or in a shell's background, Ctrl-C is ignored, and so it would be by the commands that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("default", max_examples=examples(100), deadline=None)
settings.load_profile("default")
settings.register_profile("thorough", max_examples=2000, deadline=None)
if os.environ.get("KAUNEONGA_TEST_PROFILE") == "thorough":
    settings.load_profile("thorough")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = ("KAUNEONGA_BASE_URL", "KAUNEONGA_TOKEN", "KAUNEONGA_PROFILE")
    for name in (*ours, "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(messages=200, recordings=3) as running:
        yield running


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[KauneongaClient]:
    async with KauneongaClient(sandbox.base_url, sandbox.token) as opened:
        yield opened


@pytest.fixture
def run_jumping() -> Iterator[Callable[[Coroutine[Any, Any, T]], T]]:
    """Run a coroutine in a loop whose clock jumps over idle time."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        yield runner.run


# What takes long: clusters, stores, commands, pages, whole outages, kills, and what measures memory; and what is tried
# with many values. Where a sample is wanted, a share of it will do.
LONG = (
    "/cli/test_doctor",
    "/cli/test_process",
    "/cli/test_records",
    "/cli/test_stopped",
    "/cli/test_watch",
    "/crashes/",
    "/destinations/",
    "/exporting/test_details",
    "/exporting/test_engine",
    "/exporting/test_incremental",
    "/exporting/test_killed",
    "/exporting/test_outages",
    "/exporting/test_resumed",
    "/exporting/test_trouble",
    "/exporting/test_waited",
    "/faults/test_table",
    "/formats/test_parquet",
    "/integrations/test_dask",
    "/integrations/test_load",
    "/recordings/test_expired",
    "/recordings/test_stopped_short",
    "/streams/test_completeness",
    "/streams/test_ids",
    "/streams/test_slow_consumers",
    "/test_docs",
    "/test_examples",
    "/test_secrets_at_large",
    "/transport/test_amplification",
    "_memory_",
)
MANY = 8


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out all but a share of what takes long, where only a sample is wanted; let no test leave a task behind."""
    values = Counter(map(_test_of, items))
    long = [item for item in items if values[_test_of(item)] > MANY or any(part in f"/{item.nodeid}" for part in LONG)]
    left_out = {item for place, item in enumerate(long) if place % SHARE}
    items[:] = [item for item in items if item not in left_out]
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.function):
            item.fixturenames.insert(0, "nothing_is_left_over")


def _test_of(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


@pytest.fixture
async def nothing_is_left_over() -> AsyncIterator[None]:
    """No test leaves a task behind."""
    before = asyncio.all_tasks()
    yield
    left: set[asyncio.Task[Any]] = set()
    for _ in range(20):
        left = asyncio.all_tasks() - before - {asyncio.current_task()}
        if not left:
            return
        await asyncio.sleep(0)
    assert not left


@pytest.fixture
def metrics_of_a_test() -> Iterator[None]:
    """Forget the metrics that a test has registered: prometheus_client keeps them for the process, each name once."""
    registry = prometheus_client.REGISTRY
    before = set(registry._collector_to_names)
    yield
    for collector in set(registry._collector_to_names) - before:
        registry.unregister(collector)
