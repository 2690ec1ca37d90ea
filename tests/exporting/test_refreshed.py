"""Exports that are made again later: of what has changed since, and of what has come since."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kauneonga_async import KauneongaClient, ServerCalendar, errors, export_messages, verify_export
from kauneonga_async.exporting.destinations import Folder
from kauneonga_async.exporting.entries import Done, Entry, Span
from kauneonga_async.exporting.lines import read_lines, write_line
from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults
from tests.exporting.daily import DAY, FIRST, JOURNAL, LAST, export
from tests.exporting.readers import lines_in, parts_of


async def test_what_changed_since_is_exported_anew_when_asked(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    await export(client, tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in parts_of(tmp_path)}
    report = await export(client, tmp_path, refresh_since=date(2025, 1, 15))
    assert (report.parts, report.parts_kept) == (6, 14)
    changed = [path.name for path in parts_of(tmp_path) if path.stat().st_mtime_ns != before[path.name]]
    assert changed[0] == "messages_2025-01-15_2025-01-15.jsonl"
    assert len(changed) == 6
    assert (await verify_export(tmp_path)).is_whole


async def test_what_is_being_refreshed_stays_until_the_new_is_there(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    await export(client, tmp_path)
    lines = sorted(lines_in(tmp_path))
    sandbox.settings.faults = ScriptedFaults([None, None, Fault(status=400)])
    with pytest.raises(errors.InvalidRequest):
        await export(client, tmp_path, refresh_since=date(2025, 1, 15))
    assert sorted(lines_in(tmp_path)) == lines
    report = await verify_export(tmp_path)
    assert (len(report.replaced), len(report.pending)) == (4, 4)
    assert (await export(client, tmp_path)).parts == 4
    assert (await verify_export(tmp_path)).is_whole


async def test_refreshing_cuts_where_the_server_wants_it_cut_and_leaves_nothing_twice(tmp_path: Path) -> None:
    async with Sandbox(messages=900) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        await export_messages(client, tmp_path, FIRST, LAST, window=10 * DAY)
        sandbox.settings.largest_range = 6
        await export_messages(client, tmp_path, FIRST, LAST, window=10 * DAY, refresh_since=FIRST)
        ids = [msgspec.json.decode(line)["id"] for line in lines_in(tmp_path)]
        assert len(ids) == len(set(ids)) == 200
        assert (await verify_export(tmp_path)).is_whole


async def test_what_was_replaced_goes_even_if_the_process_ended_before_that(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await export(client, tmp_path, window=20 * DAY)
    lines = sorted(lines_in(tmp_path))
    sandbox.settings.largest_range = 6

    def end_here(self: Folder, names: Iterable[str]) -> None:
        if list(names):
            raise OSError(errno.EIO, "the process ended here")

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "remove", end_here)
        with pytest.raises(OSError, match="ended here"):
            await export(client, tmp_path, window=20 * DAY, refresh_since=FIRST)
    assert len(lines_in(tmp_path)) > len(lines)
    await export(client, tmp_path, window=20 * DAY)
    assert sorted(lines_in(tmp_path)) == lines
    assert (await verify_export(tmp_path)).is_whole


async def test_overwriting_and_refreshing_exclude_each_other(client: KauneongaClient, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="refresh_since"):
        await export(client, tmp_path, overwrite=True, refresh_since=FIRST)


async def test_a_range_without_an_end_goes_up_to_the_servers_present_and_later_further(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    begin = now - timedelta(days=5)
    async with (
        Sandbox(messages=300, start=begin.date(), end=(now + DAY).date()) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token) as client,
    ):
        report = await export_messages(client, tmp_path, begin.date(), window=2 * DAY)
        assert report.until is not None
        assert timedelta(0) < now + timedelta(minutes=1) - report.until < timedelta(minutes=8)
        start = datetime.combine(begin.date(), datetime.min.time(), UTC)
        assert sorted(lines_in(tmp_path)) == sorted(sandbox.world.between(start, report.until))
        _turn_back(tmp_path, report.until, report.until - timedelta(hours=7))
        again = await export_messages(client, tmp_path, begin.date(), window=2 * DAY)
        assert again.until is not None
        assert again.until >= report.until
        assert (again.parts_kept, again.parts) == (2, 2)  # first it finishes what it had begun
        assert sorted(lines_in(tmp_path)) == sorted(sandbox.world.between(start, again.until))
        assert (await verify_export(tmp_path)).is_whole


async def test_what_has_come_since_is_added_also_where_something_is_exported_anew(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    begin = today - 20 * DAY
    start = datetime.combine(begin, datetime.min.time(), UTC)
    async with (
        Sandbox(messages=600, start=begin, end=today + DAY, skew=-4 * 86400.0) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token, calendar=ServerCalendar("UTC", True)) as client,
    ):
        report = await export_messages(client, tmp_path, begin)
        sandbox.settings.skew = -2 * 86400.0
        refreshed = await export_messages(client, tmp_path, begin, refresh_since=today - 6 * DAY)
        assert report.until is not None
        assert refreshed.until is not None
        assert refreshed.until - report.until >= 2 * DAY
        assert sorted(lines_in(tmp_path)) == sorted(sandbox.world.between(start, refreshed.until))
        parts_of(tmp_path)[0].unlink()
        sandbox.settings.skew = 0.0
        repaired = await export_messages(client, tmp_path, begin)
        assert repaired.until is not None
        assert repaired.until - refreshed.until >= 2 * DAY
        assert repaired.parts == repaired.parts_planned == 2
        assert sorted(lines_in(tmp_path)) == sorted(sandbox.world.between(start, repaired.until))
        assert (await verify_export(tmp_path)).is_whole


@pytest.mark.parametrize("skew", [-3 * 86400.0, 3 * 86400.0])
async def test_the_present_is_the_servers_not_ours(skew: float, tmp_path: Path) -> None:
    async with (
        Sandbox(messages=10, skew=skew) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token) as client,
    ):
        today = datetime.now(UTC).date()
        report = await export_messages(client, tmp_path, today - 10 * DAY, today + 10 * DAY)
    assert report.until is not None
    assert abs(report.until - datetime.now(UTC) - timedelta(seconds=skew - 300)) < timedelta(minutes=1)


async def test_of_a_range_in_the_future_nothing_is_claimed_and_it_is_exported_when_it_has_come(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    start = datetime.combine(today - DAY, datetime.min.time(), UTC)
    async with (
        Sandbox(messages=300, start=today - 2 * DAY, end=today, skew=-4 * 86400.0) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token) as client,
    ):
        for _ in range(2):
            report = await export_messages(client, tmp_path, today - DAY)
            assert (report.until, report.records, report.parts) == (None, 0, 0)
        sandbox.settings.skew = 0.0
        report = await export_messages(client, tmp_path, today - DAY)
        assert report.until is not None
        assert report.records > 0
        assert sorted(lines_in(tmp_path)) == sorted(sandbox.world.between(start, report.until))
        assert (await verify_export(tmp_path)).is_whole


def _turn_back(folder: Path, end: datetime, earlier: datetime) -> None:
    """Make an export look as if it had been made hours ago: its last window is gone, and its span ends earlier."""
    place = Folder(folder, "messages")
    entries: list[Any] = []
    for entry in read_lines(place.read_lines(JOURNAL), msgspec.json.Decoder(Entry), ""):
        if isinstance(entry, Span):
            entries.append(Span(entry.start, earlier))
        elif isinstance(entry, Done) and entry.window and entry.window.end and entry.window.end > earlier:
            assert entry.part is not None
            (folder / entry.part.name).unlink()
        else:
            entries.append(entry)
    place.replace_lines(JOURNAL, list(map(write_line, entries)))
