"""Whole exports to an object store: what a folder keeps, it keeps."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from kauneonga_async import (
    KauneongaClient,
    errors,
    export_messages,
    export_recordings,
    export_to_dos,
    verify_export,
)
from kauneonga_async.exporting.destinations import destination_at
from kauneonga_async.exporting.destinations.object_store import object_store
from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults
from tests.budget import KILLS
from tests.exporting.destinations.s3_server import S3Server
from tests.exporting.executioner import Executioner, victims

FIRST, LAST = date(2025, 1, 1), date(2025, 1, 20)


@pytest.fixture
def url(bucket: str) -> str:
    return f"s3://{bucket}/exports/2025"


def parts_at(url: str) -> dict[str, bytes]:
    place = object_store(url)
    parts: dict[str, bytes] = {}
    for name in place.stamps():
        if name[0] not in "_.":
            with place.open(name) as file:
                parts[name] = file.read()
    return parts


async def export(client: KauneongaClient, url: str, **options: Any) -> Any:
    return await export_messages(client, url, FIRST, LAST, window=timedelta(days=5), concurrency=1, **options)


async def test_every_record_is_there_once_and_as_the_server_sent_it(
    sandbox: Sandbox, client: KauneongaClient, url: str
) -> None:
    report = await export_messages(client, url)
    lines = [line for content in parts_at(url).values() for line in content.splitlines()]
    assert sorted(lines) == sorted(sandbox.world.between(None, None))
    assert report.records == 200
    assert (await verify_export(url)).is_whole


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
async def test_an_export_that_was_stopped_is_gone_on_with(
    form: str, sandbox: Sandbox, client: KauneongaClient, url: str
) -> None:
    sandbox.settings.faults = ScriptedFaults([None, None, Fault(status=400)])
    with pytest.raises(errors.InvalidRequest):
        await export(client, url, format=form)
    assert len(parts_at(url)) == 2
    report = await export(client, url, format=form)
    assert (report.parts, report.parts_kept) == (2, 2)
    assert (await verify_export(url)).is_whole
    sandbox.requests.clear()
    assert (await export(client, url, format=form)).parts == 0
    assert sandbox.requests == []


@pytest.mark.parametrize("kind", ["folder", "s3", "any store"])
async def test_to_dos_stand_in_one_file_whatever_compressed_them_before(
    kind: str, sandbox: Sandbox, client: KauneongaClient, url: str, tmp_path: Path
) -> None:
    where = {"folder": str(tmp_path), "s3": url, "any store": f"memory://{tmp_path}"}[kind]

    def there() -> list[str]:
        return [name for name in destination_at(where, "to_dos").stamps() if name.startswith("to_dos")]

    (tmp_path / "to_dos.jsonl.bak").touch()
    await export_to_dos(client, where)
    await export_to_dos(client, where, compression="gz")
    mine = ["to_dos.jsonl.bak"] if kind == "folder" else []
    assert sorted(there()) == sorted([*mine, "to_dos.jsonl.gz"])
    sandbox.settings.faults = ScriptedFaults([Fault(status=400)])
    with pytest.raises(errors.InvalidRequest):
        await export_to_dos(client, where, compression="zst")
    assert sorted(there()) == sorted([*mine, "to_dos.jsonl.gz"])
    await export_to_dos(client, where)
    assert sorted(there()) == sorted([*mine, "to_dos.jsonl"])


async def test_what_was_changed_behind_its_back_is_exported_anew(client: KauneongaClient, url: str) -> None:
    await export(client, url)
    name, content = next(iter(parts_at(url).items()))
    place = object_store(url)
    place.lock()
    file = place.create(name)
    file.write(content[:-1] + b" ")
    file.commit()
    place.unlock()
    assert (await verify_export(url)).damaged == [name]
    assert (await export(client, url)).parts == 1
    assert parts_at(url)[name] == content


async def test_two_exports_to_one_prefix_do_not_mix(sandbox: Sandbox, client: KauneongaClient, url: str) -> None:
    place = object_store(url)
    place.lock()
    with pytest.raises(errors.DestinationLocked):
        await export(client, url)
    assert sandbox.requests == []
    place.unlock()
    await export(client, url)


async def test_it_is_free_again_when_an_export_was_cancelled(
    sandbox: Sandbox, client: KauneongaClient, url: str
) -> None:
    sandbox.settings.latency = 0.5
    task = asyncio.create_task(export(client, url))
    while not sandbox.requests:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await export(client, url)).until is not None
    assert (await verify_export(url)).is_whole


async def test_recordings_go_there_too(client: KauneongaClient, url: str) -> None:
    assert (await export_recordings(client, url)).downloaded == 3
    there = parts_at(url)
    assert sorted(there) == ["36.mp3", "37.mp3", "38.mp3", "recordings.jsonl"]
    for line in map(json.loads, there["recordings.jsonl"].splitlines()):
        assert len(there[line["file"]]) == line["bytes"]
    assert (await export_recordings(client, url)).kept == 3


async def test_options_of_a_store_are_not_for_a_folder(client: KauneongaClient, tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigurationError, match="storage_options"):
        await export(client, str(tmp_path), storage_options={"key": "x"})


@pytest.mark.timeout(600)
async def test_whatever_instant_it_is_killed_at_an_export_ends_complete_and_unique(
    s3: S3Server, bucket: str, tmp_path: Path
) -> None:
    kills = exports = 0
    async with Sandbox(messages=400, latency=0.005) as sandbox, victims() as process:
        truth = sorted(sandbox.world.between(None, None))
        while kills < KILLS / 20:
            url = f"s3://{bucket}/killed/{exports}"
            order = {
                "kind": "messages",
                "base_url": sandbox.base_url,
                "token": sandbox.token,
                "destination": url,
                "from": "2025-01-01",
                "to": "2025-03-31",
                "days": 10,
                "format": "jsonl",
                "compression": None,
                "details": False,
                "outcome": str(tmp_path / "outcome"),
            }
            executioner = Executioner(process, order, exports)
            for _ in range(6):
                if await executioner.run(1.2):
                    break
                s3.later += timedelta(minutes=2)  # else it would stay locked for a minute
            await executioner.let_live()
            kills += executioner.kills
            exports += 1
            lines = [line for content in parts_at(url).values() for line in content.splitlines()]
            assert sorted(lines) == truth
            assert (await verify_export(url)).is_whole
