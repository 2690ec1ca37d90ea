"""Export: the messages of a range, to files, one a window; begun, or gone on with."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from anyio import to_thread

from kauneonga_async import windows
from kauneonga_async.client import KauneongaClient
from kauneonga_async.errors import ConfigurationError
from kauneonga_async.exporting.arguments import check_account, check_common, describe, fingerprint_of
from kauneonga_async.exporting.destinations import destination_at
from kauneonga_async.exporting.details import InTurn, fetch_details
from kauneonga_async.exporting.engine import Engine, Job
from kauneonga_async.exporting.entries import Begun
from kauneonga_async.exporting.formats import format_named
from kauneonga_async.exporting.opening import open_journal
from kauneonga_async.exporting.report import ExportReport
from kauneonga_async.exporting.run import ExportRun
from kauneonga_async.resources import listing_of
from kauneonga_async.streams import Listing, OnInvalid
from kauneonga_async.threads import carry_out

__all__ = ["export_messages"]

KIND = "messages"

_CONFIDENTIAL = re.compile(r"//[^/]*:[^/]*@|\?")  # in a URL: a password, or a query; a name alone may be a container's

Progress = Callable[[ExportReport], None]


async def export_messages(
    client: KauneongaClient,
    destination: str | os.PathLike[str],
    from_date: date | None = None,
    to_date: date | None = None,
    *,
    format: str = "jsonl",  # noqa: A002 - what the command calls it too
    compression: str | None = None,
    answers: Sequence[str] = (),
    details: bool = False,
    window: timedelta | None = None,
    concurrency: int | None = None,
    overwrite: bool = False,
    refresh_since: date | None = None,
    same_account: bool = False,
    storage_options: Mapping[str, Any] | None = None,
    on_invalid: OnInvalid = "raise",
    progress: Progress | None = None,
    engine: Engine | None = None,
    timeout: float | None = None,
    max_retries: int | None = None,
    extra_headers: Mapping[str, str] | None = None,
) -> ExportReport:
    """Write the messages of a range to files, one a window, each message once.

    A file appears only when its window is whole, and is its owner's alone (0600). A journal beside the files tells
    which are there: whatever ends an export, the same call goes on after the last whole file. What has its end in the
    future, or none, goes up to the server's present; the same call, made later, adds what has come since.

    Args:
        client: The account.
        destination: A folder, which is made if it is not there, or a URL such as ``s3://bucket/folder``.
        from_date: The first day, or an aware datetime; None, without ``to_date`` either, for one call for everything.
        to_date: The last day, included, or an aware datetime, not included; None for no end.
        format: ``"jsonl"`` (the server's own bytes), ``"csv"`` or ``"parquet"``.
        compression: ``"gz"`` or ``"zst"``, for JSON Lines and CSV; None for none.
        answers: Names of answers that get a column of their own in CSV.
        details: Whether to fetch each message whole: a list is a summary (API.md, Responses).
        window: How many days a file holds; None lets the range decide (7 to 31 days).
        concurrency: How many windows to ask for at once; None for as many as the client has requests in flight.
        overwrite: Whether to remove first what exports of messages have left at the destination: all files that are
            named as theirs are, also if no journal tells of them.
        refresh_since: A day, or an aware datetime: windows that reach beyond its beginning are exported anew, for
            messages change after they were created.
        same_account: Whether to go on though the token is another one: it is the same account's.
        storage_options: What fsspec is to know of a URL's store.
        on_invalid: What becomes of a record without a readable id or date: ``"raise"``, ``"skip"``, or a callable.
        progress: Is called with the report after each write; it must not block.
        engine: What reads the windows in other processes, such as a Dask cluster
            (``kauneonga_async.integrations.dask``); None for this one.
        timeout: Seconds to the next bytes.
        max_retries: Tries after the first, for each window.
        extra_headers: Headers besides the client's own.

    Raises:
        ConfigurationError: The destination holds something else, or was begun with other arguments; the calendar's
            dates are of a field that moves: what is exported could come twice; or something was given that an engine's
            processes must have of their own.
        DestinationLocked: Another process exports to it.
        KauneongaError: A window cannot be had. The files that are there are whole.
        OSError: A file cannot be written.
    """
    check_common(client, progress, details=details, overwrite=overwrite, same_account=same_account)
    if client.calendar.date_field != "created_at":
        raise ConfigurationError(
            f"calendar: an export goes by created_at, which stays; {client.calendar.date_field} may move, and a record "
            "be in two files"
        )
    form = format_named(format, compression, answers=answers)
    listing = listing_of(
        client.messages,
        from_date,
        to_date,
        record_type=msgspec.Raw,
        window=window,
        concurrency=concurrency,
        ordered=False,
        on_invalid=on_invalid,
        timeout=timeout,
        max_retries=max_retries,
        extra_headers=extra_headers,
    )
    since = _refreshed_from(refresh_since, client, overwrite=overwrite)
    begun = Begun(
        KIND,
        describe(client, from_date, to_date, window, form, answers, details=details),
        fingerprint_of(client),
        None if listing.make_plan is None else listing.make_plan().window_days,
    )
    job = None
    if engine is not None:
        job = _job(listing, destination, begun, format, compression, answers, storage_options, details=details)
    fetch = None
    if details:
        one_by_one = partial(fetch_details, client, concurrency, listing.options)
        fetch = InTurn(one_by_one, concurrency or client.concurrency, client.concurrency)
    place = await to_thread.run_sync(partial(destination_at, destination, KIND, storage_options))
    # They may hold secrets: no frame that waits holds them.
    del destination, storage_options, extra_headers
    try:
        await carry_out(place.lock)
        check = None if same_account else partial(check_account, client)
        opened = partial(open_journal, place, begun, client.calendar, check, overwrite=overwrite, refresh_since=since)
        journal = await carry_out(opened)  # under the lock: its thread must be done before that goes
        return await ExportRun(place, journal, form, listing, fetch, progress, engine, job).run()
    finally:
        await carry_out(place.unlock)


def _job(
    listing: Listing[Any],
    destination: str | os.PathLike[str],
    begun: Begun,
    form: str,
    compression: str | None,
    answers: Sequence[str],
    storage_options: Mapping[str, Any] | None,
    *,
    details: bool,
) -> Job:
    """Return what an engine's processes are told; what may be a secret, or is of this process alone, they are not."""
    if callable(listing.on_invalid):
        raise ConfigurationError("on_invalid: a callable is this process's, and others read: 'raise' or 'skip' it")
    place = str(destination) if "://" in str(destination) else os.path.abspath(destination)  # noqa: PTH100
    own = listing.transport.sessions.options
    for name, given in (
        ("destination: the password or query of its URL", "://" in place and _CONFIDENTIAL.search(place)),
        ("storage_options", storage_options),
        ("extra_headers", listing.options.extra_headers),
        ("session", own.session),
        ("ssl_context", own.ssl_context),
        ("proxy", own.proxy),
    ):
        if given:
            raise ConfigurationError(
                f"{name}: it would have to travel to the processes of the engine, and does not; they go by their own "
                "environment (HTTPS_PROXY, SSL_CERT_FILE, what fsspec reads)"
            )
    return Job(
        base_url=begun.arguments["base_url"],
        account=begun.account,
        calendar=listing.calendar,
        timeout=listing.options.timeout,
        max_retries=listing.options.max_retries,
        concurrency=listing.concurrency,
        destination=place,
        kind=begun.kind,
        format=form,
        compression=compression,
        answers=tuple(answers),
        details=details,
        on_invalid=listing.on_invalid,
    )


def _refreshed_from(since: date | None, client: KauneongaClient, *, overwrite: bool) -> datetime | None:
    if since is None:
        return None
    if overwrite:
        raise ValueError("refresh_since: overwrite=True exports everything anew; give one or the other")
    bounds = windows.check_range(windows.check_day("refresh_since", since), None, client.calendar)
    assert bounds is not None
    return bounds.start
