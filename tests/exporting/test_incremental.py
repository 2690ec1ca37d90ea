"""Exports that are gone on with time and again: a run ends at any instant, and the next one's windows share its day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kauneonga_async import ExportReport, KauneongaClient, ServerCalendar, errors, export_messages, verify_export
from kauneonga_async.exporting.destinations import Folder
from kauneonga_async.exporting.entries import Ask, Done, Entry
from kauneonga_async.exporting.lines import read_lines, write_line
from kauneonga_async.sandbox import Sandbox
from kauneonga_async.streams import Missing
from tests.exporting.daily import JOURNAL
from tests.exporting.engines import Here
from tests.exporting.readers import ids_in, parts_of

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
DAYS = 30  # that the server holds, up to today
CALENDARS = [ServerCalendar(), ServerCalendar("UTC"), ServerCalendar("UTC", to_date_inclusive=True)]

calendars = pytest.mark.parametrize("calendar", CALENDARS, ids=["unknown", "zone", "stated"])


class Life:
    """A destination and its server, as time goes on.

    Args:
        sandbox: The server.
        client: The account.
        folder: The destination.
    """

    def __init__(self, sandbox: Sandbox, client: KauneongaClient, folder: Path) -> None:
        self.sandbox = sandbox
        self.client = client
        self.folder = folder
        self.noon = datetime.combine(datetime.now(UTC).date(), datetime.min.time(), UTC) + HOUR * 12
        self.start = self.noon.date() - timedelta(days=DAYS)

    async def run(self, until: datetime, **options: Any) -> ExportReport:
        """Export up to an instant, to a second or so."""
        self.sandbox.configure(skew=(until + timedelta(minutes=5) - datetime.now(UTC)).total_seconds())
        return await export_messages(self.client, self.folder, self.start, **options)

    async def is_exactly_once(self, report: ExportReport) -> bool:
        """Tell whether each record that was created before the report's end is there once, and nothing else."""
        start, end = datetime.combine(self.start, datetime.min.time(), UTC), report.until
        assert end is not None
        held = sorted(number for number, time in self.sandbox.world.times().items() if start <= time < end)
        return sorted(ids_in(self.folder)) == held and (await verify_export(self.folder)).is_whole


@asynccontextmanager
async def life(folder: Path, calendar: ServerCalendar, **options: Any) -> AsyncIterator[Life]:
    today = datetime.now(UTC).date()
    async with (
        Sandbox(messages=900, start=today - timedelta(days=DAYS), end=today + DAY, **options) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token, calendar=calendar) as client,
    ):
        yield Life(sandbox, client, folder)


@calendars
@pytest.mark.parametrize("window", [None, DAY], ids=["default windows", "a day each"])
@pytest.mark.parametrize("step", [HOUR, 7 * HOUR, DAY, 3 * DAY], ids=["hourly", "7 h", "nightly", "3 days"])
async def test_run_after_run_adds_what_has_come_since(
    step: timedelta, window: timedelta | None, calendar: ServerCalendar, tmp_path: Path
) -> None:
    async with life(tmp_path, calendar) as alive:
        for count in range(6):
            report = await alive.run(alive.noon - 18 * DAY + count * step, window=window)
            assert await alive.is_exactly_once(report)
        assert not any(request.path.rpartition("/")[2].isdigit() for request in alive.sandbox.requests)


@calendars
async def test_spans_that_meet_within_a_day_are_exported_anew_together(
    calendar: ServerCalendar, tmp_path: Path
) -> None:
    async with life(tmp_path, calendar) as alive:
        for until in (alive.noon - 2 * WEEK, alive.noon - WEEK, alive.noon):
            await alive.run(until)
        report = await alive.run(alive.noon, refresh_since=alive.noon.date() - timedelta(days=10))
        assert report.parts > 2
        assert await alive.is_exactly_once(report)
        assert (await alive.run(alive.noon)).parts == 0


@calendars
async def test_an_engine_s_processes_let_each_other_s_records_be_known_where_windows_share_a_day(
    calendar: ServerCalendar, tmp_path: Path
) -> None:
    async with life(tmp_path, calendar) as alive:
        for count in range(4):
            await alive.run(alive.noon - 18 * DAY + count * DAY, engine=Here(alive.client))
        report = await alive.run(alive.noon - 12 * DAY, engine=Here(alive.client), refresh_since=alive.start)
        assert await alive.is_exactly_once(report)


@calendars
@pytest.mark.parametrize("hours", [1, 3, 5])
async def test_a_record_that_appears_late_is_found_whichever_window_of_its_day_it_is_of(
    hours: int, calendar: ServerCalendar, tmp_path: Path
) -> None:
    """The next run sees it, and asks its window for it, but none of the others; nothing is raised."""
    async with life(tmp_path, calendar) as alive:
        begin = alive.noon - 5 * DAY
        for count in range(4):
            alive.sandbox.requests.clear()
            await alive.run(begin + count * 2 * HOUR)
        usual = len(alive.sandbox.requests)
        alive.sandbox.requests.clear()
        alive.sandbox.world.add(begin + hours * HOUR)
        report = await alive.run(begin + 8 * HOUR)
        assert len(alive.sandbox.requests) == usual + 1
        assert await alive.is_exactly_once(report)
        assert (await alive.run(begin + 8 * HOUR)).parts == 0


@pytest.mark.parametrize("hours", [1, 3, 5])
async def test_windows_of_a_day_are_asked_one_after_the_other_where_the_instant_of_a_late_record_is_not_known(
    hours: int, tmp_path: Path
) -> None:
    """What other processes see comes without."""
    async with life(tmp_path, ServerCalendar()) as alive:
        begin, engine = alive.noon - 5 * DAY, Here(alive.client)
        for count in range(4):
            alive.sandbox.requests.clear()
            await alive.run(begin + count * 2 * HOUR, engine=engine)
        usual = len(alive.sandbox.requests)
        alive.sandbox.requests.clear()
        alive.sandbox.world.add(begin + hours * HOUR)
        report = await alive.run(begin + 8 * HOUR, engine=engine)
        assert await alive.is_exactly_once(report)
        # The last window is asked first, which is the one that saw it.
        assert len(alive.sandbox.requests) == usual + 1 + {5: 1, 3: 2, 1: 3}[hours]
        assert (await alive.run(begin + 8 * HOUR, engine=engine)).parts == 0


@calendars
async def test_a_record_that_was_deleted_since_is_no_alarm(calendar: ServerCalendar, tmp_path: Path) -> None:
    async with life(tmp_path, calendar) as alive:
        begin = alive.noon - 5 * DAY
        await alive.run(begin)
        gone = next(number for number, time in alive.sandbox.world.times().items() if begin < time)
        await alive.run(begin + 6 * HOUR)
        alive.sandbox.world.delete(gone)
        await alive.run(begin + 7 * HOUR)
        assert (await verify_export(tmp_path)).is_whole


async def test_a_list_that_was_cut_off_on_a_shared_day_is_found_out_by_whoever_shares_it(tmp_path: Path) -> None:
    """Half of the windows that follow see the morning, of which the second one's list held a part."""
    async with life(tmp_path, ServerCalendar()) as alive:
        begin = alive.noon - 5 * DAY
        await alive.run(begin - 11 * HOUR)
        alive.sandbox.configure(cap=40)
        cut = await alive.run(begin)
        assert not await alive.is_exactly_once(cut)
        alive.sandbox.configure(cap=None)
        assert await alive.is_exactly_once(await alive.run(begin + 6 * HOUR))


@pytest.mark.parametrize("hours", [-1, 1], ids=["of the first window", "of the second window"])
async def test_a_filter_on_another_field_is_found_out_on_a_shared_day(hours: int, tmp_path: Path) -> None:
    async with life(tmp_path, ServerCalendar(), date_field="updated_at", compress=False) as alive:
        begin, world = alive.noon - 6 * DAY, alive.sandbox.world
        edited = world.add(begin + hours * HOUR)
        world.edit(edited, updated_at=f"{(begin + 3 * DAY).date()}T23:00:00.000Z")
        await alive.run(begin, window=DAY)
        with pytest.raises(errors.CalendarMismatch, match="another field") as caught:
            await alive.run(begin + 2 * DAY, window=DAY)
        assert str(edited) in str(caught.value)


async def test_a_to_date_that_is_not_inclusive_as_stated_is_found_out_by_every_run(tmp_path: Path) -> None:
    async with life(tmp_path, ServerCalendar("UTC", to_date_inclusive=True), to_date_inclusive=False) as alive:
        for days in (5, 4, 0):
            with pytest.raises(errors.CalendarMismatch, match="to_date_inclusive=False"):
                await alive.run(alive.noon - days * DAY, window=DAY)


async def test_an_export_that_waits_for_records_of_another_window_of_the_day_goes_on(tmp_path: Path) -> None:
    """Earlier versions took them for missing, kept that in the journal, and failed for good."""
    async with life(tmp_path, ServerCalendar()) as alive:
        begin = alive.noon - 5 * DAY
        await alive.run(begin)
        await alive.run(begin + HOUR)
        morning = next(number for number, time in alive.sandbox.world.times().items() if time.date() == begin.date())
        _ask_for(tmp_path, Missing(begin.toordinal(), morning))
        assert not (await verify_export(tmp_path)).is_whole
        await alive.run(begin + 2 * HOUR)
        report = await alive.run(begin + 2 * HOUR)
        assert await alive.is_exactly_once(report)
        assert len(parts_of(tmp_path)) == len({path.name for path in parts_of(tmp_path)})


def _ask_for(folder: Path, missing: Missing) -> None:
    """Let a journal's last window be asked again for a record that is of another."""
    place = Folder(folder, "messages")
    entries = read_lines(place.read_lines(JOURNAL), msgspec.json.Decoder(Entry), "")
    place_of_last = max(number for number, entry in enumerate(entries) if isinstance(entry, Done))
    last = entries[place_of_last]
    assert isinstance(last, Done)
    assert last.window is not None
    ask = Ask(1, last.window.start, (last.window,), (missing,))
    entries[place_of_last] = msgspec.structs.replace(last, asks=(ask,))
    place.replace_lines(JOURNAL, list(map(write_line, entries)))
