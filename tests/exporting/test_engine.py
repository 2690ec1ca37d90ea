"""Exports whose windows are read by others: what they deliver, and what becomes of what nobody wanted."""

from __future__ import annotations

import errno
import random
import ssl
from collections.abc import Coroutine
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from kauneonga_async import ExportReport, KauneongaClient, ServerCalendar, errors, export_messages, verify_export
from kauneonga_async.exporting import Delivery, Order
from kauneonga_async.exporting.destinations import Folder
from kauneonga_async.files import AtomicFile
from kauneonga_async.sandbox import Fault, RandomFaults, Sandbox, ScriptedFaults
from tests.exporting.engines import Here, Twice
from tests.exporting.readers import lines_in, parts_of
from tests.exporting.stopping import stop_after, stopped_again_and_again

FIRST, LAST = date(2025, 1, 1), date(2025, 3, 31)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    "options", [{}, {"compression": "gz"}, {"format": "csv"}, {"format": "parquet"}, {"details": True}]
)
async def test_the_files_are_those_that_this_process_would_write(
    options: dict[str, Any], client: KauneongaClient, tmp_path: Path
) -> None:
    reports = [
        await export_messages(
            client, tmp_path / name, FIRST, LAST, window=9 * DAY, concurrency=1, engine=engine, **options
        )
        for name, engine in (("here", None), ("there", Here(client)))
    ]
    here, there = ({path.name: path.read_bytes() for path in parts_of(tmp_path / name)} for name in ("here", "there"))
    assert there == here
    for report in reports:
        report.seconds = 0.0
    assert msgspec.to_builtins(reports[0]) == msgspec.to_builtins(reports[1])
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "there").iterdir())


async def test_without_dates_one_file_holds_everything(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    await export_messages(client, tmp_path, engine=Here(client))
    assert [path.name for path in parts_of(tmp_path)] == ["messages.jsonl"]
    assert sorted(lines_in(tmp_path)) == sorted(sandbox.world.between(None, None))


@pytest.mark.usefixtures("cut_bodies_are_borne")
@pytest.mark.parametrize("is_stated", [False, True])
@pytest.mark.parametrize("seed", range(3))
async def test_exactly_once_over_many_stops_for_servers_that_cap_their_lists_and_fail(
    seed: int, is_stated: bool, tmp_path: Path
) -> None:
    rng = random.Random(seed)
    is_inclusive = rng.random() < 0.5
    calendar = ServerCalendar("UTC", to_date_inclusive=is_inclusive) if is_stated else ServerCalendar()
    server = Sandbox(
        messages=600,
        seed=seed,
        timezone="UTC" if is_stated else rng.choice(["UTC", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12"]),
        to_date_inclusive=is_inclusive,
        order=rng.choice(["oldest", "newest", "mixed"]),
        cap=rng.choice([50, 100, 150] if is_stated else [40, 60, 150]),
        faults=RandomFaults(0.1, kinds=("500", "reset", "cut"), seed=seed),
    )

    def begin(client: KauneongaClient, stops: int) -> Coroutine[Any, Any, ExportReport]:
        return export_messages(
            client,
            tmp_path,
            FIRST,
            LAST,
            window=30 * DAY,
            concurrency=rng.choice([1, 4]),
            engine=rng.choice([Here, Twice])(client) if stops % 3 else None,
            progress=stop_after(rng.randint(1, 9) if stops < 8 else 10**9),
        )

    async with server as sandbox:
        assert await stopped_again_and_again(sandbox, begin, calendar)
        assert sorted(lines_in(tmp_path)) == sorted(sandbox.world.between(None, None))
        assert (await verify_export(tmp_path)).is_whole


async def test_an_order_that_is_carried_out_twice_does_no_harm(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    engine = Twice(client)
    await export_messages(client, tmp_path, FIRST, LAST, window=8 * DAY, engine=engine)
    assert {engine.orders.count(order) for order in engine.orders} == {2}
    assert sorted(lines_in(tmp_path)) == sorted(sandbox.world.between(None, None))
    assert (await verify_export(tmp_path)).is_whole
    assert [path.name for path in tmp_path.glob("*.part")] == []


async def test_what_was_staged_and_never_adopted_is_removed_at_the_next_start(
    client: KauneongaClient, tmp_path: Path
) -> None:
    class Broken(Here):
        async def carry(self, order: Order) -> Delivery:
            await super().carry(order)
            raise errors.ConnectionFailed

    with pytest.raises(errors.ConnectionFailed):
        await export_messages(client, tmp_path, FIRST, LAST, window=90 * DAY, engine=Broken(client))
    file = Folder(tmp_path, "messages").stage("messages_2025-01-01_2025-03-31.jsonl")
    file.commit()
    assert len(list(tmp_path.glob("_messages_*.part"))) == 1
    assert parts_of(tmp_path) == []
    await export_messages(client, tmp_path, FIRST, LAST, window=90 * DAY)
    assert list(tmp_path.glob("*.part")) == []
    assert (await verify_export(tmp_path)).is_whole


async def test_a_window_that_is_too_much_is_cut_in_two_by_whoever_gives_the_orders(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    sandbox.settings.faults = ScriptedFaults([Fault(status=413)])
    engine = Here(client)
    report = await export_messages(client, tmp_path, FIRST, LAST, window=90 * DAY, engine=engine)
    assert (report.stream.splits, len(engine.orders)) == (1, 3)
    assert sorted(lines_in(tmp_path)) == sorted(sandbox.world.between(None, None))


async def test_what_is_asked_again_is_told_which_files_hold_what_was_found(tmp_path: Path) -> None:
    async with Sandbox(messages=900, cap=100) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        engine = Here(client)
        await export_messages(client, tmp_path, FIRST, LAST, window=30 * DAY, engine=engine)
    again = [order for order in engine.orders if order.present is not None]
    assert again
    assert all(order.present for order in again)
    assert max(len(order.present or ()) for order in again) > 2


@pytest.mark.parametrize("url", ["memory://me:hush@place/folder", "memory://place/folder?password=hush"])
async def test_a_url_that_holds_a_password_or_a_query_does_not_travel(
    url: str, sandbox: Sandbox, client: KauneongaClient
) -> None:
    engine = Here(client)
    with pytest.raises(errors.ConfigurationError, match=r"^destination: the password or query") as caught:
        await export_messages(client, url, FIRST, LAST, engine=engine)
    assert "hush" not in str(caught.value)
    assert sandbox.requests == []
    assert engine.orders == []


async def test_a_url_with_a_name_and_a_folder_with_a_question_mark_travel(
    client: KauneongaClient, tmp_path: Path
) -> None:
    # As in abfs://container@account/folder.
    for place in ("memory://container@account/folder", tmp_path / "me:is@home?"):
        engine = Here(client)
        await export_messages(client, place, FIRST, LAST, engine=engine)
        assert {order.job.destination for order in engine.orders} == {str(place)}


async def test_ids_do_not_travel_where_windows_do_not_overlap(sandbox: Sandbox, tmp_path: Path) -> None:
    deliveries: list[Delivery] = []

    class Noting(Here):
        async def carry(self, order: Order) -> Delivery:
            deliveries.append(await super().carry(order))
            return deliveries[-1]

    sandbox.settings.to_date_inclusive = False
    for calendar in (ServerCalendar(), ServerCalendar("UTC", to_date_inclusive=False)):
        async with KauneongaClient(sandbox.base_url, sandbox.token, calendar=calendar) as client:
            await export_messages(client, tmp_path / str(calendar.is_known), FIRST, LAST, engine=Noting(client))
        travelled = sum(len(delivery.ids) + len(delivery.sightings) for delivery in deliveries)
        assert (travelled == 0) is calendar.is_known
        deliveries.clear()
    assert sorted(lines_in(tmp_path / "True")) == sorted(lines_in(tmp_path / "False"))


@pytest.mark.parametrize("first", [date(2025, 1, 1) + 8 * n * DAY for n in range(12)], ids=str)
async def test_a_look_behind_a_window_finds_what_the_next_one_had_long_delivered(
    first: date, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Whichever window is the first to be read: if none of its records bears the calendar out, it is looked behind."""
    others = {date(2025, 1, 1) + 8 * n * DAY for n in range(12)} - {first}
    first_is_read, all_are_read = anyio.Event(), anyio.Event()

    class InTurn(Here):
        async def carry(self, order: Order) -> Delivery:
            assert order.window is not None
            if order.present is not None:
                await all_are_read.wait()
            elif order.window.first != first:
                await first_is_read.wait()
            delivery = await super().carry(order)
            others.discard(order.window.first)
            if order.window.first == first:
                first_is_read.set()
            if not others:
                all_are_read.set()
            return delivery

    calendar = ServerCalendar("UTC", to_date_inclusive=True)
    async with KauneongaClient(sandbox.base_url, sandbox.token, calendar=calendar) as client:
        await export_messages(client, tmp_path, FIRST, LAST, window=8 * DAY, engine=InTurn(client))
    assert sorted(lines_in(tmp_path)) == sorted(sandbox.world.between(None, None))


async def test_what_travels_holds_no_text_and_no_token(sandbox: Sandbox, tmp_path: Path) -> None:
    """Beyond that it is small: ids as steps, and no records."""
    travelled: list[bytes] = []

    class Noting(Here):
        async def carry(self, order: Order) -> Delivery:
            delivery = await super().carry(order)
            assert sandbox.token not in repr(order) + repr(delivery)
            travelled.append(msgspec.msgpack.encode(delivery))
            return delivery

    async with KauneongaClient(sandbox.base_url, sandbox.token) as client:
        report = await export_messages(client, tmp_path, FIRST, LAST, engine=Noting(client))
    texts = [msgspec.json.decode(line)["content"] for line in lines_in(tmp_path)]
    assert not any(text and text.encode() in whole for text in texts for whole in travelled)
    assert sum(map(len, travelled)) < 10 * report.records + 600 * report.parts


async def test_a_destination_that_is_not_shared_is_told_of(client: KauneongaClient, tmp_path: Path) -> None:
    class Elsewhere(Here):
        async def carry(self, order: Order) -> Delivery:
            (tmp_path / "other").mkdir(exist_ok=True)
            job = msgspec.structs.replace(order.job, destination=str(tmp_path / "other"))
            return await super().carry(msgspec.structs.replace(order, job=job))

    with pytest.raises(errors.ConfigurationError, match="must be the same place"):
        await export_messages(client, tmp_path / "ours", FIRST, LAST, engine=Elsewhere(client))


async def test_what_an_fsync_could_not_write_is_ordered_once_more(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures, commit = [1], AtomicFile.commit

    def fail_once(self: AtomicFile) -> Path:
        if "messages_2025" in self.path.name and failures:
            failures.pop()
            raise OSError(errno.EIO, "Input/output error")
        return commit(self)

    monkeypatch.setattr(AtomicFile, "commit", fail_once)
    await export_messages(client, tmp_path, FIRST, LAST, engine=Here(client))
    assert not failures
    assert sorted(lines_in(tmp_path)) == sorted(sandbox.world.between(None, None))


@pytest.mark.parametrize(
    ("of_export", "of_client"),
    [
        ({"extra_headers": {"X-Secret": "hush"}}, {}),
        ({}, {"extra_headers": {"X-Secret": "hush"}}),
        ({}, {"ssl_context": ssl.create_default_context()}),
        ({}, {"proxy": "http://user:hush@127.0.0.1:1"}),
        ({"on_invalid": print}, {}),
    ],
)
async def test_what_may_be_a_secret_or_cannot_travel_is_refused_before_any_request(
    of_export: dict[str, Any], of_client: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    (name,) = {**of_export, **of_client}
    async with KauneongaClient(sandbox.base_url, sandbox.token, **of_client) as client:
        with pytest.raises(errors.ConfigurationError, match=f"^{name}: ") as caught:
            await export_messages(client, tmp_path, FIRST, LAST, engine=Here(client), **of_export)
    assert "hush" not in str(caught.value)
    assert sandbox.requests == []
    assert list(tmp_path.iterdir()) == []
