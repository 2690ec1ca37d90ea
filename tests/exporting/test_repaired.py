"""Exports whose files or journal were damaged, lost or left half: what is made anew, and what is not touched."""

from __future__ import annotations

import errno
import os
from datetime import date
from pathlib import Path

import pytest

from kauneonga_async import KauneongaClient, errors, export_messages, verify_export
from kauneonga_async.exporting import opening
from kauneonga_async.exporting.destinations import Destination
from kauneonga_async.exporting.entries import Begun
from kauneonga_async.exporting.lines import write_line
from kauneonga_async.files import AtomicFile
from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults
from tests.exporting.daily import DAY, FIRST, JOURNAL, export
from tests.exporting.readers import lines_in, parts_of


async def test_a_file_that_was_damaged_or_removed_is_exported_anew(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    await export(client, tmp_path)
    lines = sorted(lines_in(tmp_path))
    third, fourth = parts_of(tmp_path)[2:4]
    third.write_bytes(bytes(byte ^ (place == 100) for place, byte in enumerate(third.read_bytes())))
    fourth.unlink()
    report = await export(client, tmp_path)
    assert (report.parts, report.parts_kept) == (2, 18)
    assert sorted(lines_in(tmp_path)) == lines
    assert (await verify_export(tmp_path)).is_whole


async def test_a_file_that_was_merely_touched_is_kept(client: KauneongaClient, tmp_path: Path) -> None:
    await export(client, tmp_path)
    os.utime(parts_of(tmp_path)[0])
    assert (await export(client, tmp_path)).parts_kept == 20


async def test_files_that_were_copied_are_read_once_and_known_by_their_new_times_from_then_on(
    client: KauneongaClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await export(client, tmp_path)
    for place, path in enumerate(parts_of(tmp_path)):
        os.utime(path, ns=(place, place))
    read: list[str] = []
    digest = opening.digest_of

    def digest_of(destination: Destination, name: str) -> str:
        read.append(name)
        return digest(destination, name)

    monkeypatch.setattr(opening, "digest_of", digest_of)
    assert (await export(client, tmp_path)).parts_kept == 20
    assert sorted(read) == [path.name for path in parts_of(tmp_path)]
    read.clear()
    assert (await export(client, tmp_path)).parts_kept == 20
    assert read == []


async def test_what_a_crash_left_is_cleaned_up(sandbox: Sandbox, client: KauneongaClient, tmp_path: Path) -> None:
    await export(client, tmp_path)
    parts_of(tmp_path)[4].unlink()
    (tmp_path / "_messages_2025-01-05_2025-01-05.jsonl.part").write_bytes(b"half")
    (tmp_path / "_messages.journal.part").write_bytes(b"half")
    (tmp_path / "messages_2025-01-05_2025-01-05_2.jsonl").write_bytes(b"finished, and not in the journal")
    with (tmp_path / JOURNAL).open("ab") as journal:
        journal.write(b'0123 {"type":"do')
    await export(client, tmp_path)
    assert {path.name for path in tmp_path.iterdir() if path not in parts_of(tmp_path)} == {JOURNAL, "_messages.lock"}
    assert (await verify_export(tmp_path)).is_whole


async def test_a_file_that_nobody_was_about_to_write_is_left_alone(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    await export(client, tmp_path)
    stranger = tmp_path / "messages_2024-01-05_2024-01-05.jsonl"
    stranger.write_bytes(b"somebody's")
    with pytest.raises(errors.ConfigurationError, match="messages_2024-01-05_2024-01-05"):
        await export(client, tmp_path)
    assert stranger.exists()


async def test_what_somebody_made_of_a_file_in_another_format_is_left_alone(
    client: KauneongaClient, tmp_path: Path
) -> None:
    await export(client, tmp_path)
    table = tmp_path / "messages_2025-01-15_2025-01-15.parquet"
    table.write_bytes(b"somebody's")
    with pytest.raises(errors.ConfigurationError, match=table.name):
        await export(client, tmp_path, refresh_since=date(2025, 1, 15))
    assert table.exists()


async def test_an_export_without_dates_leaves_files_of_days_alone(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path
) -> None:
    sandbox.settings.faults = ScriptedFaults([Fault(status=400)])
    with pytest.raises(errors.InvalidRequest):
        await export_messages(client, tmp_path)
    archive = tmp_path / "messages_2019-01-01_2019-12-31.jsonl"
    archive.write_bytes(b"somebody's")
    with pytest.raises(errors.ConfigurationError, match=archive.name):
        await export_messages(client, tmp_path)
    assert archive.exists()
    archive.unlink()
    (tmp_path / "messages.jsonl").write_bytes(b"finished, and not in the journal")
    await export_messages(client, tmp_path)
    assert (await verify_export(tmp_path)).is_whole


async def test_a_journal_from_the_future_is_not_touched(client: KauneongaClient, tmp_path: Path) -> None:
    content = write_line(Begun("messages", {}, "", 1, version=2)) + b"\n"
    (tmp_path / JOURNAL).write_bytes(content)
    with pytest.raises(errors.ConfigurationError, match="later version"):
        await export(client, tmp_path)
    assert (tmp_path / JOURNAL).read_bytes() == content


async def test_a_journal_that_lost_its_end_costs_what_it_no_longer_tells_of(
    client: KauneongaClient, tmp_path: Path
) -> None:
    await export(client, tmp_path)
    lines = sorted(lines_in(tmp_path))
    journal = (tmp_path / JOURNAL).read_bytes()
    place = journal.index(b'"first":"2025-01-11"')
    (tmp_path / JOURNAL).write_bytes(journal[:place] + b"\0" * (len(journal) - place))
    report = await export(client, tmp_path)
    assert report.parts == 10
    assert sorted(lines_in(tmp_path)) == lines
    assert (await verify_export(tmp_path)).is_whole


async def test_what_is_told_after_a_damaged_line_is_read(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path, one_window_fails: None
) -> None:
    with pytest.raises(errors.InvalidRequest):
        await export(client, tmp_path)
    *lines, last = (tmp_path / JOURNAL).read_bytes().splitlines()
    (tmp_path / JOURNAL).write_bytes(b"".join(line + b"\n" for line in (*lines, bytes(len(last)))))
    sandbox.settings.faults = ScriptedFaults([None] * 4 + [Fault(status=400)])
    with pytest.raises(errors.InvalidRequest):
        await export(client, tmp_path)
    assert (await export(client, tmp_path)).parts_kept == 11 + 4


async def test_an_fsync_that_fails_costs_the_window_once_more(
    client: KauneongaClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = AtomicFile.commit
    failures = [True]

    def fail_once(self: AtomicFile) -> Path:
        if self.path.name == "messages_2025-01-03_2025-01-03.jsonl" and failures:
            failures.pop()
            self.close()
            raise OSError(errno.EIO, "Input/output error")
        return commit(self)

    monkeypatch.setattr(AtomicFile, "commit", fail_once)
    report = await export(client, tmp_path)
    assert not failures
    assert report.records == len(lines_in(tmp_path))
    assert report.bytes_written == sum(path.stat().st_size for path in parts_of(tmp_path))
    assert (await verify_export(tmp_path)).is_whole


@pytest.mark.parametrize("is_refreshed", [False, True])
async def test_a_file_whose_folder_could_not_be_flushed_is_not_there_beside_its_next_try(
    sandbox: Sandbox, client: KauneongaClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_refreshed: bool
) -> None:
    """It has appeared by then; and what takes its place may be cut in two."""
    if is_refreshed:
        await export(client, tmp_path, window=20 * DAY)
    commit = AtomicFile.commit
    failures = [True]

    def fail_once(self: AtomicFile) -> Path:
        path = commit(self)
        if path.suffix == ".jsonl" and failures:
            failures.pop()
            sandbox.settings.largest_range = 12
            raise OSError(errno.EIO, "Input/output error")
        return path

    monkeypatch.setattr(AtomicFile, "commit", fail_once)
    options = {"refresh_since": FIRST} if is_refreshed else {}
    report = await export(client, tmp_path, window=20 * DAY, **options)
    assert not failures
    assert report.records == len(lines_in(tmp_path)) == len(set(lines_in(tmp_path)))
    assert report.parts == len(parts_of(tmp_path))
    assert (await verify_export(tmp_path)).is_whole
    assert (await export(client, tmp_path, window=20 * DAY)).parts_kept == report.parts
