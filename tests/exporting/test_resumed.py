"""Exports that are gone on with: after a stop, with other arguments, later, and for what has changed."""

from __future__ import annotations

import asyncio
import errno
import os
import random
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kauneonga_async import ExportReport, KauneongaClient, errors, export_messages, verify_export
from kauneonga_async.exporting.destinations import Folder
from kauneonga_async.exporting.entries import Begun, Done, Entry, Span
from kauneonga_async.exporting.lines import read_lines, write_line
from kauneonga_async.files import AtomicFile
from kauneonga_async.sandbox import Fault, RandomFaults, Sandbox, ScriptedFaults
from tests.exporting.readers import lines_in, parts_of

FIRST, LAST = date(2025, 1, 1), date(2025, 1, 20)
DAY = timedelta(days=1)
JOURNAL = "_messages.journal"


def truth(sandbox: Sandbox) -> list[bytes]:
    return sorted(sandbox.world.between(None, None))


def dates_asked(sandbox: Sandbox) -> list[str]:
    return [request.query["from_date"] for request in sandbox.requests]


@pytest.fixture
def one_window_fails(sandbox: Sandbox) -> None:
    sandbox.settings.faults = ScriptedFaults([None] * 12 + [Fault(status=400)])


async def export(client: KauneongaClient, folder: Path, **options: Any) -> ExportReport:
    options = {"window": DAY, "concurrency": 1, **options}
    return await export_messages(client, folder, FIRST, LAST, **options)


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
        ({"format": "csv"}, r"format was \.jsonl, and is \.csv"),
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
    with pytest.raises(errors.ConfigurationError, match="to was 2025-01-20, and is 2025-01-21"):
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


async def test_overwrite_begins_anew(sandbox: Sandbox, client: KauneongaClient, tmp_path: Path) -> None:
    await export(client, tmp_path)
    report = await export(client, tmp_path, window=10 * DAY, overwrite=True)
    assert (report.parts, report.parts_kept) == (2, 0)
    assert len(parts_of(tmp_path)) == 2
    assert (await verify_export(tmp_path)).is_whole


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
        assert again.until == report.until - timedelta(hours=7)  # first it finishes what it had begun
        assert sorted(lines_in(tmp_path)) == sorted(sandbox.world.between(start, again.until))
        again = await export_messages(client, tmp_path, begin.date(), window=2 * DAY)
        assert again.until is not None
        assert again.until >= report.until
        assert again.parts_kept == 3
        assert sorted(lines_in(tmp_path)) == sorted(sandbox.world.between(start, again.until))
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


async def test_verifying_what_is_no_export_says_so(tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigurationError, match="no journal"):
        await verify_export(tmp_path)


@pytest.mark.parametrize("seed", range(10))
async def test_exactly_once_over_many_stops_for_servers_that_cap_their_lists_and_fail(
    seed: int, tmp_path: Path
) -> None:
    rng = random.Random(seed)
    server = Sandbox(
        messages=900,
        seed=seed,
        timezone=rng.choice(["UTC", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12"]),
        to_date_inclusive=rng.random() < 0.5,
        order=rng.choice(["oldest", "newest", "mixed"]),
        cap=rng.choice([60, 100, 250]),
        faults=RandomFaults(0.1, kinds=("500", "reset", "cut"), seed=seed),
    )
    stops = 0
    async with server as sandbox, KauneongaClient(sandbox.base_url, sandbox.token, max_retries=40) as client:
        while True:
            stop = stop_after(rng.randint(1, 9) if stops < 15 else 10**9)
            task = asyncio.create_task(
                export_messages(
                    client,
                    tmp_path,
                    date(2025, 1, 1),
                    date(2025, 3, 31),
                    window=rng.choice([timedelta(days=30)]),
                    concurrency=rng.choice([1, 4]),
                    progress=stop,
                )
            )
            try:
                await task
                break
            except asyncio.CancelledError:
                stops += 1
        assert sorted(lines_in(tmp_path)) == truth(sandbox)
        assert (await verify_export(tmp_path)).is_whole


def stop_after(count: int) -> Callable[[ExportReport], None]:
    left = count

    def stop(report: ExportReport) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            task = asyncio.current_task()
            assert task is not None
            task.get_loop().call_soon(_cancel_export)

    return stop


def _cancel_export() -> None:
    for task in asyncio.all_tasks():
        if "export_messages" in repr(task.get_coro()):
            task.cancel()
