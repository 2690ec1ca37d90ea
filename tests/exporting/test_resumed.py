"""Exports that are gone on with after a stop: with the same arguments, with others, and by one process at a time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kauneonga_async import ExportReport, KauneongaClient, ServerCalendar, errors, export_messages, verify_export
from kauneonga_async.exporting.destinations import Folder
from kauneonga_async.sandbox import RandomFaults, Sandbox
from tests.exporting.daily import DAY, FIRST, JOURNAL, export
from tests.exporting.readers import lines_in, parts_of
from tests.exporting.stopping import stop_after, stopped_again_and_again
from tests.exporting.truth import truth


def dates_asked(sandbox: Sandbox) -> list[str]:
    return [request.query["from_date"] for request in sandbox.requests]


async def test_what_is_whole_is_not_asked_for_again(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path, one_window_fails: None
) -> None:
    with pytest.raises(errors.InvalidRequest):
        await export(client, tmp_path)
    assert len(parts_of(tmp_path)) == 12
    sandbox.requests.clear()
    report = await export(client, tmp_path)
    assert (report.parts_kept, report.parts, report.parts_planned) == (12, 8, 8)
    assert len(sandbox.requests) == 8
    assert min(dates_asked(sandbox)) == "01-12-2025"  # the thirteenth, and a day for the padding
    assert sorted(lines_in(tmp_path)) == sorted(
        sandbox.world.between(datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 21, tzinfo=UTC))
    )


async def test_with_nothing_left_to_do_nothing_is_asked(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    whole = await export(client, tmp_path)
    sandbox.requests.clear()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    report = await export(client, tmp_path)
    assert sandbox.requests == []
    assert (report.parts, report.parts_kept, report.records_kept) == (0, 20, whole.records)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


async def test_without_dates_a_second_run_has_nothing_to_do(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    await export_messages(client, tmp_path)
    sandbox.requests.clear()
    report = await export_messages(client, tmp_path)
    assert (report.parts, report.parts_kept, sandbox.requests) == (0, 1, [])


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"format": "csv"}, "arguments: format was jsonl, and is csv. Choose .* pass overwrite=True"),
        ({"compression": "gz"}, "arguments: compression was not given, and is gz. Choose"),
        ({"window": None}, "arguments: window was 1 days, and is not given. Choose"),
        ({"window": 2 * DAY}, "window was 1 days, and is 2 days"),
        ({"details": True}, "details was no, and is yes"),
    ],
)
async def test_other_arguments_are_refused_and_named(
    other: dict[str, Any], said: str, sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    await export(client, tmp_path)
    sandbox.requests.clear()
    with pytest.raises(errors.ConfigurationError, match=said):
        await export(client, tmp_path, **other)
    assert sandbox.requests == []


async def test_another_range_is_refused_and_named(client: KauneongaClient, tmp_path: Path) -> None:
    await export(client, tmp_path)
    with pytest.raises(errors.ConfigurationError, match="to_date was 2025-01-20, and is 2025-01-21"):
        await export_messages(client, tmp_path, FIRST, date(2025, 1, 21), window=DAY)


async def test_another_token_is_refused_unless_it_is_said_to_be_the_same_account(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    await export(client, tmp_path)
    async with KauneongaClient(sandbox.base_url, "renewed") as other:
        with pytest.raises(errors.ConfigurationError, match="another token"):
            await export(other, tmp_path)
        report = await export(other, tmp_path, same_account=True)
    assert report.parts_kept == 20
    assert b"renewed" not in (tmp_path / JOURNAL).read_bytes()
    assert sandbox.token.encode() not in (tmp_path / JOURNAL).read_bytes()


async def test_what_was_begun_in_vain_binds_nobody(sandbox: Sandbox, client: KauneongaClient, tmp_path: Path) -> None:
    async with KauneongaClient(sandbox.base_url, "wrong") as other:
        with pytest.raises(errors.AuthenticationError):
            await export_messages(other, tmp_path, FIRST, date(2025, 1, 21), format="csv")
    assert (await export(client, tmp_path)).parts == 20
    assert (await verify_export(tmp_path)).is_whole
    assert (await export(client, tmp_path)).parts_kept == 20


async def test_overwrite_begins_anew(sandbox: Sandbox, client: KauneongaClient, tmp_path: Path) -> None:
    await export(client, tmp_path)
    report = await export(client, tmp_path, window=10 * DAY, overwrite=True)
    assert (report.parts, report.parts_kept) == (2, 0)
    assert len(parts_of(tmp_path)) == 2
    assert (await verify_export(tmp_path)).is_whole


async def test_two_exports_to_one_folder_do_not_mix(sandbox: Sandbox, client: KauneongaClient, tmp_path: Path) -> None:
    place = Folder(tmp_path, "messages")
    place.lock()
    with pytest.raises(errors.DestinationLocked, match="another process"):
        await export(client, tmp_path)
    assert sandbox.requests == []
    place.unlock()
    await export(client, tmp_path)


async def test_a_folder_is_free_again_however_an_export_ended(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    sandbox.settings.latency = 0.02
    for turns in range(40):
        task = asyncio.create_task(export(client, tmp_path))
        for _ in range(turns * 3):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        place = Folder(tmp_path, "messages")
        place.lock()
        place.unlock()


async def test_verifying_what_is_no_export_says_so(tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigurationError, match="no journal"):
        await verify_export(tmp_path)


@pytest.mark.usefixtures("cut_bodies_are_borne")
@pytest.mark.parametrize("is_stated", [False, True])
@pytest.mark.parametrize("seed", range(10))
async def test_exactly_once_over_many_stops_for_servers_that_cap_their_lists_and_fail(
    seed: int, is_stated: bool, tmp_path: Path
) -> None:
    rng = random.Random(seed)
    is_inclusive = rng.random() < 0.5
    calendar = ServerCalendar("UTC", to_date_inclusive=is_inclusive) if is_stated else ServerCalendar()
    server = Sandbox(
        messages=900,
        seed=seed,
        timezone="UTC" if is_stated else rng.choice(["UTC", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12"]),
        to_date_inclusive=is_inclusive,
        order=rng.choice(["oldest", "newest", "mixed"]),
        cap=rng.choice([50, 100, 150] if is_stated else [60, 100, 250]),
        faults=RandomFaults(0.1, kinds=("500", "reset", "cut"), seed=seed),
    )

    def begin(client: KauneongaClient, stops: int) -> Coroutine[Any, Any, ExportReport]:
        return export_messages(
            client,
            tmp_path,
            date(2025, 1, 1),
            date(2025, 3, 31),
            window=timedelta(days=30),
            progress=stop_after(rng.randint(1, 9) if stops < 15 else 10**9),
            concurrency=rng.choice([1, 4]),
        )

    async with server as sandbox:
        await stopped_again_and_again(sandbox, begin, calendar)
        assert sorted(lines_in(tmp_path)) == truth(sandbox)
        assert (await verify_export(tmp_path)).is_whole


@pytest.mark.parametrize("stop", range(1, 13))
async def test_halves_that_may_have_been_cut_off_are_remembered_until_that_is_clear(stop: int, tmp_path: Path) -> None:
    """Twenty records that stop within the last day look whole, until a list of as many turns out to have been cut."""
    first, last = date(2025, 2, 20), date(2025, 3, 31)
    calendar = ServerCalendar("UTC", to_date_inclusive=True)
    async with Sandbox(messages=500, cap=20) as sandbox:
        for progress in (stop_after(stop), None):
            async with KauneongaClient(sandbox.base_url, sandbox.token, calendar=calendar) as client:
                run = export_messages(client, tmp_path, first, last, window=8 * DAY, concurrency=1, progress=progress)
                await asyncio.gather(asyncio.create_task(run), return_exceptions=progress is not None)
        assert sorted(lines_in(tmp_path)) == sorted(sandbox.world.between(datetime(2025, 2, 20, tzinfo=UTC), None))
