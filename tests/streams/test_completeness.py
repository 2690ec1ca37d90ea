"""A list that was cut off, a calendar that is wrong, a filter on another field: found out, and never in silence."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from kauneonga_async import KauneongaClient, ServerCalendar, errors
from kauneonga_async.sandbox import Fault, Sandbox

FIRST, LAST = date(2025, 1, 1), date(2025, 3, 31)


def connect(sandbox: Sandbox, **options: Any) -> KauneongaClient:
    return KauneongaClient(sandbox.base_url, sandbox.token, **options)


@pytest.mark.parametrize("order", ["oldest", "newest", "mixed"])
@pytest.mark.parametrize("window", [None, 31, 10])
async def test_a_capped_list_is_found_out_and_read_in_parts(order: str, window: int | None) -> None:
    length = timedelta(days=window) if window else None
    async with Sandbox(messages=900, cap=60, order=order) as sandbox, connect(sandbox) as client:
        stream = client.messages.stream(FIRST, LAST, window=length)
        found = {message.id async for message in stream}
        assert found == set(sandbox.world.message_ids())
        assert stream.report.splits > 0


@pytest.mark.parametrize("order", ["oldest", "newest"])
async def test_a_single_window_at_a_usual_cap_is_suspect(order: str) -> None:
    async with Sandbox(messages=900, cap=100, order=order) as sandbox, connect(sandbox) as client:
        found = await client.messages.list(date(2025, 2, 1), date(2025, 3, 3), window=timedelta(days=31))
        assert len(found) == 310


@pytest.mark.parametrize("order", ["oldest", "newest", "mixed"])
async def test_a_cap_below_a_day_s_messages_cannot_be_read_around(order: str) -> None:
    async with Sandbox(messages=4500, cap=37, order=order) as sandbox, connect(sandbox) as client:
        with pytest.raises(errors.IncompleteResult) as caught:
            await client.messages.list(FIRST, LAST)
        assert set(caught.value.missing_ids) <= set(sandbox.world.message_ids())
        assert caught.value.missing_ids
        assert "37" in str(caught.value)


NOT_FOUND = Fault(status=404, body=b'{"success":false,"info":"Message not found","data":{}}')


@pytest.mark.parametrize(
    "answer",
    [NOT_FOUND, Fault(status=404, body=b"404: Not Found"), Fault(status=403), Fault(status=200, body=b'{"data":[]}')],
    ids=["not found", "no such route", "forbidden", "a list"],
)
async def test_a_server_that_shows_no_single_message_cannot_have_records_taken_for_deleted(answer: Fault) -> None:
    async with Sandbox(messages=4500, cap=37) as sandbox, connect(sandbox) as client:
        sandbox.configure(faults=lambda method, path: answer if path.rpartition("/")[2].isdigit() else None)
        with pytest.raises(errors.IncompleteResult) as caught:
            await client.messages.list(FIRST, LAST)
        assert set(caught.value.missing_ids) <= set(sandbox.world.message_ids())


@pytest.mark.parametrize("cap", [20, 64, 150, 400])
@pytest.mark.parametrize("chances", [0, 1, 2, 6])
async def test_a_round_cap_that_is_met_within_a_window_s_last_day_is_found_out(cap: int, chances: int) -> None:
    """No day is empty then, and a stated calendar sees no others' records. Some lists may have as many by chance."""
    async with (
        Sandbox(messages=0, cap=cap) as sandbox,
        connect(sandbox, calendar=ServerCalendar("UTC", to_date_inclusive=True)) as client,
    ):
        start = datetime(2025, 1, 1, tzinfo=UTC)
        for window in range(chances + 2):
            count = cap + (window >= chances) * (window + 1)
            for number in range(count):
                sandbox.world.add(start + timedelta(days=2 * window + 2 * number / count))
        windows = timedelta(days=2)
        last = FIRST + (chances + 2) * windows - timedelta(days=1)
        found = await client.messages.list(FIRST, last, window=windows, concurrency=1)
        assert {message.id for message in found} == set(sandbox.world.message_ids())


async def test_a_round_cap_that_is_met_within_a_range_s_last_day_leaves_the_padding_empty() -> None:
    """At the end of a range no other window sees what is lacking."""
    async with Sandbox(messages=0, cap=50) as sandbox, connect(sandbox) as client:
        for hour in range(0, 24 * 10, 3):
            sandbox.world.add(datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=hour))
        found = await client.messages.list(FIRST, FIRST + timedelta(days=6))
        assert len(found) == 7 * 8


async def test_evenly_spread_messages_are_looked_at_twice_once() -> None:
    """Several windows with just as many records may be a cap: one is asked for again, in halves, and no more."""
    async with Sandbox(messages=900) as sandbox, connect(sandbox) as client:
        stream = client.messages.stream(FIRST, LAST, window=timedelta(days=9))
        assert len(await stream.collect()) == 900
        assert stream.report.splits == 1
        assert len(sandbox.requests) == 12


async def test_a_filter_that_is_ignored_is_found_out() -> None:
    async with Sandbox(messages=90, filters=False) as sandbox, connect(sandbox) as client:
        with pytest.raises(errors.CalendarMismatch, match="not at all"):
            await client.messages.list(date(2025, 2, 1), date(2025, 2, 7))


async def test_a_filter_on_another_field_is_found_out() -> None:
    async with Sandbox(messages=300, date_field="updated_at", compress=False) as sandbox, connect(sandbox) as client:
        sandbox.world.edit(1010, updated_at="2025-03-01T12:00:00.000Z")
        with pytest.raises(errors.CalendarMismatch, match="another field"):
            await client.messages.list(FIRST, LAST)


async def test_a_filter_on_another_field_is_found_out_within_the_padding_too() -> None:
    """Edited three days later: within what the next window may see, and outside of what the owner is given."""
    async with Sandbox(messages=90, date_field="updated_at", compress=False) as sandbox, connect(sandbox) as client:
        sandbox.world.edit(1010, updated_at="2025-01-13T23:00:00.000Z")
        created = sandbox.world.times()[1010]
        assert created.date() == date(2025, 1, 10)
        with pytest.raises((errors.CalendarMismatch, errors.IncompleteResult)):
            await client.messages.list(FIRST, LAST, window=timedelta(days=1))


async def test_a_wrong_time_zone_is_found_out() -> None:
    async with (
        Sandbox(messages=2000, timezone="America/New_York") as sandbox,
        connect(sandbox, calendar=ServerCalendar("UTC", True)) as client,
    ):
        with pytest.raises(errors.CalendarMismatch, match="another time zone"):
            await client.messages.list(FIRST, LAST)


@pytest.mark.parametrize("window", [1, 7, 90])
async def test_a_to_date_that_is_not_inclusive_as_stated_is_found_out(window: int) -> None:
    async with (
        Sandbox(messages=900, to_date_inclusive=False) as sandbox,
        connect(sandbox, calendar=ServerCalendar("UTC", True)) as client,
    ):
        with pytest.raises(errors.CalendarMismatch, match="to_date_inclusive=False"):
            await client.messages.list(FIRST, LAST, window=timedelta(days=window))


@pytest.mark.parametrize("window", [None, 7])
@pytest.mark.parametrize("density", [1, 20])
@pytest.mark.parametrize(
    ("theirs", "stated"), [("America/New_York", "UTC"), ("UTC", "Asia/Tokyo"), ("Asia/Kolkata", "Pacific/Auckland")]
)
async def test_a_time_zone_and_a_to_date_that_are_both_other_than_stated_are_found_out(
    theirs: str, stated: str, density: int, window: int | None
) -> None:
    """Days that begin later, and a last one that is left out: all that is listed lies where it may."""
    async with (
        Sandbox(messages=90 * density, timezone=theirs, to_date_inclusive=False) as sandbox,
        connect(sandbox, calendar=ServerCalendar(stated, True)) as client,
    ):
        with pytest.raises((errors.CalendarMismatch, errors.IncompleteResult)):
            await client.messages.list(FIRST, LAST, window=None if window is None else timedelta(days=window))


async def test_a_to_date_that_is_inclusive_against_what_is_stated_is_found_out() -> None:
    async with (
        Sandbox(messages=900, to_date_inclusive=True) as sandbox,
        connect(sandbox, calendar=ServerCalendar("UTC", False)) as client,
    ):
        with pytest.raises(errors.CalendarMismatch):
            await client.messages.list(FIRST, LAST)


async def test_a_stated_calendar_that_is_right_is_asked_for_nothing_more() -> None:
    async with (
        Sandbox(messages=900) as sandbox,
        connect(sandbox, calendar=ServerCalendar("UTC", True)) as client,
    ):
        assert len(await client.messages.list(FIRST, LAST, window=timedelta(days=1))) == 900
        assert len(sandbox.requests) == 90


async def test_a_stated_calendar_over_empty_days_costs_a_look_and_raises_nothing() -> None:
    async with (
        Sandbox(messages=31, start=date(2025, 1, 1), end=date(2025, 1, 3)) as sandbox,
        connect(sandbox, calendar=ServerCalendar("UTC", True)) as client,
    ):
        assert len(await client.messages.list(date(2025, 1, 1), date(2025, 1, 20), window=timedelta(days=5))) == 31
        assert len(sandbox.requests) <= 8


async def test_a_message_that_came_in_mid_run_is_no_alarm() -> None:
    """The next window sees, in its padding, a message of a day that the window before has already delivered."""
    async with Sandbox(messages=90) as sandbox, connect(sandbox) as client:
        added: list[int] = []

        def appear(method: str, path: str) -> None:
            if len(sandbox.requests) == 2:
                added.append(sandbox.world.add(datetime(2025, 1, 7, 12, tzinfo=UTC)))

        sandbox.configure(faults=appear)
        stream = client.messages.stream(FIRST, date(2025, 1, 14), window=timedelta(days=7), concurrency=1)
        found = [message.id async for message in stream]
        assert set(found) >= set(added)
        assert len(found) == len(set(found)) == 15


async def test_a_message_that_was_deleted_in_mid_run_is_no_alarm() -> None:
    """The first window sees it in its padding; when its own is asked for, it is gone."""
    async with Sandbox(messages=90) as sandbox, connect(sandbox) as client:

        def disappear(method: str, path: str) -> None:
            if len(sandbox.requests) == 2:
                sandbox.world.delete(1008)

        sandbox.configure(faults=disappear)
        stream = client.messages.stream(FIRST, date(2025, 1, 14), window=timedelta(days=7), concurrency=1)
        found = [message.id async for message in stream]
        assert 1008 not in found
        assert len(found) == 13


async def test_the_first_message_of_a_day_that_came_in_before_the_second_look_at_it_is_no_alarm() -> None:
    """A stated to_date_inclusive is made sure of by asking for a day more: what that lists may be new."""
    today = datetime.now(UTC).date()
    async with (
        Sandbox(messages=0) as sandbox,
        connect(sandbox, calendar=ServerCalendar("UTC", True)) as client,
    ):

        def appear(method: str, path: str) -> None:
            if len(sandbox.requests) == 2:
                sandbox.world.add(datetime.combine(today, time.min, UTC))

        sandbox.configure(faults=appear)
        assert len(await client.messages.list(today, today)) == 1
        assert len(sandbox.requests) == 3


async def test_what_the_records_show_of_the_calendar_is_reported() -> None:
    async with Sandbox(messages=9000, timezone="America/New_York") as sandbox, connect(sandbox) as client:
        stream = client.messages.stream(date(2025, 1, 5), date(2025, 2, 20))
        await stream.collect()
        learnt = stream.report.calendar
        assert learnt.to_date_inclusive is True
        assert timedelta(hours=-5, minutes=-30) < learnt.offset_at_least <= timedelta(hours=-5)
        assert timedelta(hours=-5) < learnt.offset_at_most < timedelta(hours=-4, minutes=-30)
