"""Exports of recordings whose URLs had expired, when they are listed no more, or are many."""

from __future__ import annotations

import gc
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kauneonga_async import KauneongaClient, export_recordings
from kauneonga_async.sandbox import Fault, Sandbox
from tests.wire import TOKEN, Exchange, WireServer, listing, response

LIST = "/api/v2/call-recordings"
REFUSED = Fault(status=403)


def manifest(folder: Path) -> dict[int, dict[str, Any]]:
    lines = (folder / "recordings.jsonl").read_text(encoding="utf-8").splitlines()
    entries = {entry["id"]: entry for entry in map(json.loads, lines)}
    assert len(entries) == len(lines)
    return entries


@pytest.mark.parametrize("is_in_manifest", [True, False])
async def test_what_had_expired_and_is_not_listed_any_more_is_told_of(
    is_in_manifest: bool, sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    """With its call detail record, if the manifest before has that."""
    *kept, gone = sandbox.world.recording_ids()

    def faults(method: str, path: str) -> Fault | None:
        if path != f"/audio/{gone}.mp3":
            return None
        sandbox.world.recordings = len(kept)
        return REFUSED

    record = None
    if is_in_manifest:
        sandbox.settings.faults = lambda method, path: None if path == LIST else REFUSED
        await export_recordings(client, tmp_path)
        record = manifest(tmp_path)[gone]["recording"]
        assert record["id"] == gone
    sandbox.settings.faults = faults
    report = await export_recordings(client, tmp_path)
    assert (report.listed, report.downloaded, report.expired) == (len(kept) + 1, len(kept), 1)
    lines = manifest(tmp_path)
    assert {line["id"]: line["status"] for line in lines.values()} == {**dict.fromkeys(kept, "done"), gone: "expired"}
    assert lines[gone]["recording"] == record
    assert lines[gone]["error"]
    assert all(lines[record_id]["recording"]["id"] == record_id for record_id in kept)


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


async def test_what_had_expired_is_not_held_in_memory_until_it_is_listed_once_more(
    traced: None, tmp_path: Path
) -> None:
    """Only its id and what was said of it: the records are twenty megabytes."""
    held: list[int] = []

    async def serve(exchange: Exchange) -> None:
        if exchange.target != LIST:
            await exchange.send(response(403))
            return
        gc.collect()  # errors and their frames are cycles
        held.append(tracemalloc.get_traced_memory()[0])
        records = [
            {"id": number, "recording": f"{server.origin}/{number}.mp3", "transcript": "x" * 100_000}
            for number in range(1, 201)
        ]
        await exchange.send(response(body=listing(records)))

    async with WireServer(serve) as server, KauneongaClient(server.base_url, TOKEN) as client:
        report = await export_recordings(client, tmp_path)
    assert (report.listed, report.expired, len(held)) == (200, 200, 2)
    assert all(line["recording"]["transcript"] for line in manifest(tmp_path).values())
    assert held[1] - held[0] < 10_000_000  # some of it is what was imported meanwhile
