"""Exports by a real Dask cluster of two worker processes, which are killed, and messages as a Dask dataframe."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import cloudpickle
import dask
import distributed
import pyarrow as pa
import pytest
from distributed.comm.core import CommClosedError

from kauneonga_async import KauneongaClient, ServerCalendar, errors, export_messages, verify_export
from kauneonga_async.cli.app import run_app
from kauneonga_async.exporting.formats.parquet_schema import message_schema
from kauneonga_async.integrations.dask import DaskEngine, read_messages
from kauneonga_async.sandbox import RandomFaults, Sandbox
from kauneonga_async.testing import in_thread
from tests.canaries import CANARY, TEXT, TOKEN, inhabit
from tests.exporting.readers import lines_in, parts_of
from tests.integrations.dask_cluster import ROOT, DaskCluster

FIRST, LAST = date(2025, 1, 1), date(2025, 3, 31)
DAY = timedelta(days=1)

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with DaskCluster(tmp_path_factory.mktemp("cluster"), env={"KAUNEONGA_TOKEN": TOKEN}) as running:
        yield running


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(messages=300, token=TOKEN) as running:
        inhabit(running)
        yield running


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[KauneongaClient]:
    async with KauneongaClient(sandbox.base_url, TOKEN, max_retries=20) as opened:
        yield opened


async def export(client: KauneongaClient, cluster: DaskCluster, folder: Path, **options: Any) -> Any:
    options = {"window": 3 * DAY, "engine": DaskEngine(cluster.address), **options}
    return await export_messages(client, folder, FIRST, LAST, **options)


async def check(folder: Path, sandbox: Sandbox) -> None:
    assert sorted(lines_in(folder)) == sorted(sandbox.world.between(None, None))
    assert (await verify_export(folder)).is_whole
    assert list(folder.glob("*.part")) == []
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


async def test_both_workers_read_and_nowhere_is_the_token_or_a_text_shown(
    sandbox: Sandbox, client: KauneongaClient, cluster: DaskCluster, tmp_path: Path
) -> None:
    graphs: list[bytes] = []
    submit = distributed.Client.submit

    def noting(self: distributed.Client, function: Any, *arguments: Any, **options: Any) -> Any:
        graphs.append(cloudpickle.dumps((function, arguments, options)))
        graphs.append(repr((function, arguments, options)).encode())
        return submit(self, function, *arguments, **options)

    sandbox.settings.latency = 0.05
    async with distributed.Client(cluster.address, asynchronous=True, set_as_default=False) as observer:
        await observer.wait_for_workers(2)
        await observer.get_task_stream()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(distributed.Client, "submit", noting)
            await export(client, cluster, tmp_path)
        tasks = await observer.get_task_stream()
        events = await observer.get_events()
        state = await observer.run_on_scheduler(_all_of_a_scheduler)
        dashboard = observer.dashboard_link.rpartition("/")[0]
        pages = await asyncio.to_thread(_pages, dashboard)
    await check(tmp_path, sandbox)
    assert len({task["worker"] for task in tasks}) == 2
    assert len(graphs) >= 2 * 30
    assert any(b"messages_2025" in graph for graph in graphs)
    assert "messages_2025" in str(tasks)
    shown = [*map(repr, graphs), str(tasks), repr(events), state, *pages, cluster.log(), repr(DaskEngine("tcp://x"))]
    for place in shown:
        assert not CANARY.search(place), CANARY.findall(place)
        assert TEXT not in place


def _all_of_a_scheduler(dask_scheduler: Any) -> str:
    parts = (dask_scheduler.worker_plugins, dask_scheduler.get_events(), dask_scheduler._to_dict())
    return repr(parts)


def _pages(dashboard: str) -> list[str]:
    names = ["info/main/workers.html", "info/main/logs.html", "json/counts.json", "health", "metrics"]
    return [urllib.request.urlopen(f"{dashboard}/{name}").read().decode() for name in names]


@pytest.mark.parametrize("seed", [1, 2])
async def test_workers_that_are_killed_lose_and_repeat_nothing(
    seed: int, sandbox: Sandbox, client: KauneongaClient, cluster: DaskCluster, tmp_path: Path
) -> None:
    rng = random.Random(seed)
    sandbox.configure(latency=0.05, cap=30 if seed == 2 else None, faults=RandomFaults(0.05, seed=seed))
    task = asyncio.create_task(export(client, cluster, tmp_path, details=seed == 1, window=9 * DAY))
    kills = 0
    while not task.done() and kills < 3:
        seen = len(sandbox.requests)
        while len(sandbox.requests) < seen + rng.randint(1, 6) and not task.done():
            await asyncio.sleep(0.01)
        cluster.kill(rng.choice(cluster.workers))
        kills += 1
    report = await task
    assert kills == 3
    if seed == 1:
        whole = [sandbox.world.message(i, whole=True) for i in sandbox.world.message_ids()]
        assert sorted(lines_in(tmp_path)) == sorted(message or b"" for message in whole)
        assert (await verify_export(tmp_path)).is_whole
    else:
        await check(tmp_path, sandbox)
        assert report.stream.splits


async def test_a_scheduler_that_is_killed_is_waited_for_and_what_was_not_delivered_is_ordered_again(
    sandbox: Sandbox, client: KauneongaClient, cluster: DaskCluster, tmp_path: Path
) -> None:
    sandbox.settings.latency = 0.1
    task = asyncio.create_task(export(client, cluster, tmp_path))
    while len(parts_of(tmp_path)) < 5:
        assert not task.done()
        await asyncio.sleep(0.01)
    cluster.kill("scheduler")
    report = await task
    await check(tmp_path, sandbox)
    assert report.parts == report.parts_planned


@pytest.mark.parametrize("loser", ["the scheduler", "another order"])
async def test_a_scheduler_that_is_lost_while_a_result_is_on_its_way_is_found_again(
    sandbox: Sandbox,
    client: KauneongaClient,
    cluster: DaskCluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    loser: str,
) -> None:
    lost: list[Any] = []
    submit = distributed.Client.submit

    class Lost:
        def __init__(self, connected: Any, future: Any) -> None:
            self.connected = connected
            self.release = future.release

        def __await__(self) -> Iterator[None]:
            if loser == "the scheduler":
                raise CommClosedError("in <TCP (closed) ConnectionPool.gather>: Stream is closed")
            yield from self.connected.close().__await__()
            raise Exception("Client is closed. Can't send report-key message.")  # noqa: TRY002 - older Dasks' own

    def submit_and_lose_the_first(self: distributed.Client, *args: Any, **options: Any) -> Any:
        future = submit(self, *args, **options)
        lost.append(future)
        return Lost(self, future) if len(lost) == 1 else future

    monkeypatch.setattr(distributed.Client, "submit", submit_and_lose_the_first)
    await export(client, cluster, tmp_path)
    await check(tmp_path, sandbox)
    assert len(lost) > 1


async def test_a_driver_that_is_killed_is_gone_on_with_and_its_orders_end(
    sandbox: Sandbox, client: KauneongaClient, cluster: DaskCluster, tmp_path: Path
) -> None:
    sandbox.settings.latency = 0.1
    driver = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.integrations.dask_driver", cluster.address, sandbox.base_url, str(tmp_path)),
        env={**os.environ, "KAUNEONGA_TOKEN": TOKEN},
    )
    while len(list(tmp_path.glob("messages_*"))) < 5:
        assert driver.returncode is None
        await asyncio.sleep(0.01)
    sandbox.settings.latency = 3600.0  # whoever asks now would wait for ever
    seen = len(sandbox.requests)
    while len(sandbox.requests) < seen + 2:
        await asyncio.sleep(0.01)
    driver.send_signal(signal.SIGKILL)
    await driver.wait()
    sandbox.settings.latency = 0.0
    report = await export(client, cluster, tmp_path)
    assert report.parts_kept >= 5
    await check(tmp_path, sandbox)


async def test_what_is_cancelled_ends_on_the_workers_too(
    sandbox: Sandbox, client: KauneongaClient, cluster: DaskCluster, tmp_path: Path
) -> None:
    sandbox.settings.latency = 3600.0
    task = asyncio.create_task(export(client, cluster, tmp_path))
    while len(sandbox.requests) < 2:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    sandbox.settings.latency = 0.0
    async with asyncio.timeout(25):  # what was not ended would wait for its answer for thirty seconds
        await export(client, cluster, tmp_path)
    await check(tmp_path, sandbox)


async def test_one_rate_is_found_out_by_all_workers(cluster: DaskCluster, tmp_path: Path) -> None:
    async with (
        Sandbox(messages=120, token=TOKEN, rate_limit=30) as sandbox,
        KauneongaClient(sandbox.base_url, TOKEN) as client,
    ):
        report = await export(client, cluster, tmp_path, details=True, window=9 * DAY, concurrency=4)
        refused = len(sandbox.requests) - report.records - report.stream.windows - 2 * report.stream.splits
    assert report.records == 120
    assert 1 <= refused < 20
    assert report.seconds < 2 * 120 / 30 + 2


async def test_an_error_of_a_worker_comes_out_as_what_it_is(
    sandbox: Sandbox, client: KauneongaClient, cluster: DaskCluster, tmp_path: Path
) -> None:
    sandbox.settings.more_tokens = frozenset({"another"})
    async with KauneongaClient(sandbox.base_url, "another") as other:
        with pytest.raises(errors.ConfigurationError, match=r"token_file: .* another than the driver's"):
            await export(other, cluster, tmp_path / "other")
    with pytest.raises(errors.ConfigurationError, match=r"token_file.*cannot be read: No such file"):
        await export(client, cluster, tmp_path, engine=DaskEngine(cluster.address, token_file="/nowhere/token"))
    sandbox.settings.token = "renewed"
    with pytest.raises(errors.AuthenticationError):
        await export(client, cluster, tmp_path)


async def test_a_token_file_on_the_workers_is_used(sandbox: Sandbox, cluster: DaskCluster, tmp_path: Path) -> None:
    sandbox.settings.token = "of-a-file"
    (tmp_path / "token").write_text("of-a-file\n")
    engine = DaskEngine(cluster.address, token_file=str(tmp_path / "token"))
    async with KauneongaClient(sandbox.base_url, "of-a-file") as client:
        await export(client, cluster, tmp_path / "messages", window=30 * DAY, engine=engine)
    await check(tmp_path / "messages", sandbox)


async def test_an_address_of_no_kind_that_dask_knows_is_refused(client: KauneongaClient, tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigurationError, match=r"engine: nonsense://x is no scheduler's address"):
        await export_messages(client, tmp_path, FIRST, LAST, engine=DaskEngine("nonsense://x"))


async def test_a_scheduler_that_is_not_there_is_told_of(client: KauneongaClient, tmp_path: Path) -> None:
    engine = DaskEngine("tcp://127.0.0.1:9")
    with dask.config.set({"distributed.comm.timeouts.connect": "300ms"}):
        with pytest.raises(errors.ConnectionFailed, match=r"scheduler at tcp://127\.0\.0\.1:9 cannot be reached"):
            await export_messages(client, tmp_path, FIRST, LAST, engine=engine)


def test_the_command_lets_a_cluster_read(cluster: DaskCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with in_thread(Sandbox(messages=300, token=TOKEN)) as sandbox:
        monkeypatch.setenv("KAUNEONGA_BASE_URL", sandbox.base_url)
        monkeypatch.setenv("KAUNEONGA_TOKEN", TOKEN)
        arguments = ["--from", "2025-01-01", "--to", "2025-03-31", "-o", str(tmp_path), "--dask", cluster.address]
        assert run_app(["export", "messages", *arguments]) == 0
        assert sorted(lines_in(tmp_path)) == sorted(sandbox.world.between(None, None))


def test_without_a_cluster_nothing_of_dask_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from kauneonga_async.cli.app import run_app; "
        "code = run_app(['demo', '--messages', '50', '--recordings', '1', '--output', 'demo']); "
        "print('parts:', code, [name for name in ('dask', 'distributed') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("parts: 0 []\n")
    assert list(tmp_path.glob("demo/**/messages_*"))


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"from_date": None, "to_date": None}, TypeError, "from_date.*None"),
        ({"to_date": None}, TypeError, "to_date.*None"),
        ({"to_date": "2025-01-31"}, TypeError, "to_date.*str"),
        ({"timeout": 0}, ValueError, "timeout"),
        ({"calendar": ServerCalendar(date_field="updated_at")}, errors.ConfigurationError, "calendar.*two partitions"),
    ],
)
def test_a_frame_that_cannot_be_is_refused(arguments: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        read_messages(**{"from_date": FIRST, "to_date": LAST, "base_url": "https://host.example", **arguments})


def test_a_frame_has_a_partition_a_window_and_the_schema_of_the_parquet_export(
    cluster: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    with in_thread(Sandbox(messages=300, token=TOKEN, end=date(2025, 2, 10))) as sandbox:
        monkeypatch.setenv("KAUNEONGA_TOKEN", TOKEN)
        frame = read_messages(FIRST, LAST, base_url=sandbox.base_url, window=15 * DAY)
        assert sandbox.requests == []
        assert TOKEN not in repr(frame) + repr(cloudpickle.dumps(frame)) + repr(dict(frame.dask))
        assert frame.npartitions == 6
        schema = pa.Schema.from_pandas(frame._meta, preserve_index=False)
        assert schema.remove_metadata() == message_schema()
        with distributed.Client(cluster.address) as connected:
            partitions = connected.gather(connected.compute(frame.to_delayed()))
        for number, partition in enumerate(partitions):
            assert (partition.dtypes == frame.dtypes).all()
            start = datetime(2025, 1, 1, tzinfo=UTC) + number * 15 * DAY
            assert partition.created_at.between(start, start + 15 * DAY, inclusive="left").all()
        assert [len(partition) > 0 for partition in partitions] == [True] * 3 + [False] * 3
        ids = [record_id for partition in partitions for record_id in partition.id]
        assert sorted(ids) == sorted(sandbox.world.message_ids())
        status = frame.groupby("status").size().compute(scheduler="threads")
        assert status.sum() == 300
