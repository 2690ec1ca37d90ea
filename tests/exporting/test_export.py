"""Exports to a folder, over a real socket: which files there are, what is in them, and what making them costs."""

from __future__ import annotations

import gc
import stat
import threading
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from blockbuster import blockbuster_ctx

from kauneonga_async import ExportReport, KauneongaClient, ServerCalendar, errors, export_messages, verify_export
from kauneonga_async.exporting.entries import Done, Entry, pack_ids
from kauneonga_async.exporting.state import State
from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults
from tests.exporting.readers import lines_in, parts_of
from tests.exporting.truth import truth

FIRST, LAST = date(2025, 1, 1), date(2025, 3, 31)


async def test_every_record_is_written_once_and_as_the_server_sent_it(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    report = await export_messages(client, tmp_path / "new" / "folder", FIRST, LAST)
    lines = lines_in(tmp_path / "new" / "folder")
    assert sorted(lines) == sorted(truth(sandbox))
    assert report.records == len(lines) == 200
    assert report.bytes_written == sum(len(line) + 1 for line in lines)


async def test_a_window_has_a_file_named_by_its_days(client: KauneongaClient, tmp_path: Path) -> None:
    report = await export_messages(client, tmp_path, date(2025, 1, 1), date(2025, 1, 10), window=timedelta(days=4))
    assert [path.name for path in parts_of(tmp_path)] == [
        "messages_2025-01-01_2025-01-04.jsonl",
        "messages_2025-01-05_2025-01-08.jsonl",
        "messages_2025-01-09_2025-01-10.jsonl",
    ]
    assert report.parts == report.parts_planned == 3


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
@pytest.mark.parametrize("breaks_off", [False, True])
async def test_an_export_that_is_over_holds_nothing(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path, form: str, breaks_off: bool
) -> None:
    """PyArrow holds a file from C++, where no garbage collector looks."""
    if breaks_off:
        sandbox.configure(faults=ScriptedFaults([None, *[Fault(cut_after=2000)] * 40], path="/messages"))
    try:
        await export_messages(client, tmp_path, FIRST, LAST, format=form, max_retries=0)
    except errors.KauneongaError:
        assert breaks_off
    else:
        assert not breaks_off
    gc.collect()
    held = [thing for thing in gc.get_objects() if type(thing).__name__ in ("Part", "ParquetEncoder", "ParquetWriter")]
    assert held == []


async def test_without_dates_one_file_holds_everything(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    await export_messages(client, tmp_path)
    assert [path.name for path in parts_of(tmp_path)] == ["messages.jsonl"]
    assert sorted(lines_in(tmp_path)) == sorted(truth(sandbox))


async def test_a_window_that_holds_nothing_has_an_empty_file(client: KauneongaClient, tmp_path: Path) -> None:
    report = await export_messages(client, tmp_path, date(2020, 1, 1), date(2020, 1, 2))
    assert [(path.name, path.stat().st_size) for path in parts_of(tmp_path)] == [
        ("messages_2020-01-01_2020-01-02.jsonl", 0)
    ]
    assert report.records == 0


async def test_instants_are_kept_to_exactly(sandbox: Sandbox, client: KauneongaClient, tmp_path: Path) -> None:
    start, end = datetime(2025, 1, 10, 13, tzinfo=UTC), datetime(2025, 1, 20, 7, 30, tzinfo=UTC)
    await export_messages(client, tmp_path, start, end)
    assert sorted(lines_in(tmp_path)) == sorted(sandbox.world.between(start, end))


async def test_files_are_their_owners_alone(client: KauneongaClient, tmp_path: Path) -> None:
    await export_messages(client, tmp_path, FIRST, LAST)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


async def test_a_folder_with_messages_of_other_windows_is_refused_before_any_request(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    (tmp_path / "messages_2025-01-01_2025-01-31.jsonl").touch()
    with pytest.raises(errors.ConfigurationError, match=r"messages_2025-01-01_2025-01-31\.jsonl"):
        await export_messages(client, tmp_path, date(2025, 1, 1), date(2025, 1, 7))
    assert sandbox.requests == []


async def test_a_field_that_moves_cannot_be_exported_by(sandbox: Sandbox, tmp_path: Path) -> None:
    calendar = ServerCalendar(date_field="updated_at")
    async with KauneongaClient(sandbox.base_url, sandbox.token, calendar=calendar) as client:
        with pytest.raises(errors.ConfigurationError, match="updated_at"):
            await export_messages(client, tmp_path, FIRST, LAST)
    assert sandbox.requests == []


async def test_progress_only_ever_grows_and_ends_with_the_whole(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    seen: list[tuple[int, int]] = []

    def note(report: ExportReport) -> None:
        seen.append((report.parts, report.records))

    report = await export_messages(client, tmp_path, FIRST, LAST, progress=note)
    assert seen == sorted(seen)
    assert seen[-1] == (report.parts, 200)


@pytest.fixture
def blocked_loop() -> Iterator[None]:
    ZoneInfo("UTC")  # which the sandbox, in this loop too, reads from a file the first time
    with blockbuster_ctx("kauneonga_async"):
        yield


KINDS: list[dict[str, Any]] = [
    {},
    {"compression": "gz"},
    {"compression": "zst"},
    {"format": "csv"},
    {"format": "parquet"},
    {"details": True, "format": "csv"},
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
async def test_the_loop_is_never_blocked_by_files(
    client: KauneongaClient, tmp_path: Path, blocked_loop: None, kind: dict[str, Any]
) -> None:
    for _ in range(2):  # the second time nothing is left to be done
        await export_messages(client, tmp_path, FIRST, LAST, **kind)
    assert (await verify_export(tmp_path)).is_whole


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
async def test_memory_does_not_grow_with_the_range(tmp_path: Path, form: str) -> None:
    peaks = []
    async with Sandbox(messages=900) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        for number, last in enumerate((date(2025, 1, 10), date(2025, 1, 20), LAST, LAST)):
            tracemalloc.start()
            await export_messages(
                client, tmp_path / str(number), FIRST, last, window=timedelta(days=5), concurrency=2, format=form
            )
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    # The first imports and caches; and what is let go by the tests before is no growth.
    assert min(peaks[2:]) < peaks[1] * 1.3 + 1_000_000


async def test_what_windows_saw_of_others_is_packed_off_the_loop_and_told_in_order(
    client: KauneongaClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred thousand messages a day take a tenth of a second to sort."""
    threads: list[int] = []
    told: list[Done] = []

    def pack(seen: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
        threads.append(threading.get_ident())
        return pack_ids(seen)

    def take(state: State, entry: Entry) -> None:
        if isinstance(entry, Done):
            told.append(entry)
        real_take(state, entry)

    real_take = State.take
    monkeypatch.setattr("kauneonga_async.exporting.parts.pack_ids", pack)
    monkeypatch.setattr(State, "take", take)
    await export_messages(client, tmp_path, FIRST, LAST)
    assert len(threads) == len(told) > 5
    assert threading.get_ident() not in threads
    largest = [done.state.largest for done in told if done.state is not None]
    assert largest == sorted(largest)
