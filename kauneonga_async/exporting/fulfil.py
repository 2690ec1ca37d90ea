"""Fulfil: an order carried out: its window read and staged as a file, wherever an engine has it done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import msgspec
from anyio import CancelScope, to_thread

from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.client import KauneongaClient
from kauneonga_async.config import CallOptions
from kauneonga_async.decoding import line_reader
from kauneonga_async.exporting.destinations import Destination, destination_at
from kauneonga_async.exporting.details import DetailedPart, fetch_details
from kauneonga_async.exporting.engine import Delivery, Job, Order
from kauneonga_async.exporting.entries import pack_ids
from kauneonga_async.exporting.formats import Format, format_named
from kauneonga_async.exporting.part import Part
from kauneonga_async.resources import listing_of
from kauneonga_async.streams import Fetch, IdSet, InvalidPolicy, Listing, Sieve, SpoolBudget, StreamReport, Work
from kauneonga_async.windows import Window

__all__ = ["TakeTurn", "fulfil"]

TakeTurn = Callable[[], Awaitable[None]]
"""Returns when the account may send another request."""


async def fulfil(order: Order, client: KauneongaClient, take_turn: TakeTurn | None = None) -> Delivery:
    """Read a window and stage its file.

    It may be done twice, by two who do not know of each other: nobody sees what was staged until one of them is
    believed.

    Args:
        order: What is to be done.
        client: The account.
        take_turn: Is awaited before each request, but not before further tries; None for no limit.

    Raises:
        KauneongaError: The window cannot be had.
        OSError: The file cannot be written.
    """
    job, report = order.job, StreamReport()
    place = await to_thread.run_sync(partial(destination_at, job.destination, job.kind))
    form = format_named(job.format, job.compression, answers=job.answers)
    seen = await to_thread.run_sync(partial(_ids_in, place, form, order.present or ()))
    invalid = InvalidPolicy(job.on_invalid, report)
    sieve: Sieve[bytes] = Sieve(order.window, job.bounds, job.calendar, seen, invalid, report)
    work = Work(order.window, sieve)
    work.turn.set()
    async with _staged(order, place, form, sieve, client, take_turn) as part:
        if take_turn is not None:
            await take_turn()
        await Fetch(_listing(client, job), sieve, part, work.turn, SpoolBudget(), report).run()
        entry = None
        if order.present is None or part.records:
            entry = await part.commit()
        else:
            await part.discard()
    sightings = sieve.sightings.by_day if sieve.sightings else {}
    return Delivery(
        part=entry,
        total=sieve.total,
        handed_out=sieve.handed_out,
        earliest=sieve.earliest,
        latest=sieve.latest,
        ids=pack_ids({0: list(sieve.seen)})[0] if _may_be_seen(order.window, job.calendar) else [],
        sightings=pack_ids(sightings),
        report=report,
    )


@asynccontextmanager
async def _staged(
    order: Order,
    place: Destination,
    form: Format,
    sieve: Sieve[bytes],
    client: KauneongaClient,
    take_turn: TakeTurn | None,
) -> AsyncIterator[Part | DetailedPart]:
    """Begin the file, and leave nothing of it behind if something goes wrong."""
    began = sieve.take_back if order.present is None else None
    listed = Part(place.stage, order.name, form, began, _not_counted)
    part: Part | DetailedPart = listed
    if order.job.details:
        options = CallOptions(timeout=order.job.timeout, max_retries=order.job.max_retries)
        fetch = partial(fetch_details, client, order.job.concurrency, options, take_turn=take_turn)
        part = DetailedPart(listed, fetch, began)
    try:
        yield part
    except BaseException:
        with CancelScope(shield=True):
            await part.discard()
        raise


def _listing(client: KauneongaClient, job: Job) -> Listing[bytes]:
    listing = listing_of(
        client.messages,
        None,
        None,
        record_type=msgspec.Raw,
        window=None,
        concurrency=None,
        ordered=False,
        on_invalid=job.on_invalid,
        timeout=job.timeout,
        max_retries=job.max_retries,
        extra_headers=None,
    )
    reader = line_reader(None if job.bounds is None else "created_at")
    return msgspec.structs.replace(listing, reader=reader, bounds=job.bounds, finish=None)


def _may_be_seen(window: Window | None, calendar: ServerCalendar) -> bool:
    """Tell whether another window's answer may hold records of this one, so that somebody will ask what it delivered.

    Where the calendar is stated windows do not overlap, unless they meet within a day. But a stated
    ``to_date_inclusive=True`` is made sure of by a look behind a window, and that sees the next one.
    """
    if window is None:
        return False
    is_alone = calendar.is_known and not calendar.to_date_inclusive and window.is_of_whole_days(calendar)
    return not is_alone


def _ids_in(place: Destination, form: Format, names: tuple[str, ...]) -> IdSet:
    ids = IdSet()
    for name in names:
        with place.open(name) as file:
            for record_id in form.ids(file):
                ids.add(record_id)
    return ids


def _not_counted(size: int) -> None:
    """Whoever gave the order counts what is delivered."""
