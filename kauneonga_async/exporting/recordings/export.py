"""Export: the audio of all recordings, many at once; begun, or gone on with."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec
from anyio import to_thread

from kauneonga_async import config
from kauneonga_async.client import KauneongaClient
from kauneonga_async.exporting.arguments import check_account, check_common, fingerprint_of
from kauneonga_async.exporting.destinations import Destination, destination_at
from kauneonga_async.exporting.entries import Begun
from kauneonga_async.exporting.journal import Journal, journal_name
from kauneonga_async.exporting.opening import compare
from kauneonga_async.exporting.recordings.audio import Fetcher
from kauneonga_async.exporting.recordings.report import RecordingsReport
from kauneonga_async.exporting.recordings.run import RecordingsRun
from kauneonga_async.exporting.recordings.state import State, read_state
from kauneonga_async.streams import RecordStream
from kauneonga_async.threads import carry_out

__all__ = ["export_recordings"]

KIND = "recordings"

_OURS = re.compile(r"recordings\.jsonl|\d+\..+")  # a kill may come before the journal tells of them

Progress = Callable[[RecordingsReport], None]


async def export_recordings(
    client: KauneongaClient,
    destination: str | os.PathLike[str],
    *,
    concurrency: int | None = None,
    overwrite: bool = False,
    same_account: bool = False,
    storage_options: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    timeout: float | None = None,
    max_retries: int | None = None,
) -> RecordingsReport:
    """Write the audio of all call recordings to files ``<id>.<ending>``, and a manifest, ``recordings.jsonl``.

    A file appears only when it is whole, and is its owner's alone (0600). The same call, made again, goes on with what
    is not there yet: what broke off is resumed, what was expired or missing is tried again. The manifest has a line for
    each recording: its file with size and digest, or why there is none, and the recording as the server lists it, with
    its call detail record.

    Args:
        client: The account.
        destination: A folder, which is made if it is not there, or a URL such as ``s3://bucket/folder``.
        concurrency: How many to download at once; None for as many as the client has requests in flight.
        overwrite: Whether to forget what is there, and download all anew.
        same_account: Whether to go on though the token is another one: it is the same account's.
        storage_options: What fsspec is to know of a URL's store.
        progress: Is called with the report after each file; it must not block.
        timeout: Seconds to the next bytes.
        max_retries: Tries after the first, for each file and each list.

    Raises:
        ConfigurationError: The destination was begun for another account.
        DestinationLocked: Another process exports to it.
        KauneongaError: The recordings cannot be listed.
        OSError: A file cannot be written.
    """
    check_common(client, progress, overwrite=overwrite, same_account=same_account)
    config.CallOptions().override(timeout, max_retries)
    places = client.concurrency if concurrency is None else config.check_count("concurrency", concurrency, least=1)
    place = await to_thread.run_sync(partial(destination_at, destination, KIND, storage_options))
    del destination, storage_options  # they may hold secrets: no frame that waits holds them

    def list_all() -> RecordStream[msgspec.Raw]:
        return client.call_recordings.stream(record_type=msgspec.Raw, timeout=timeout, max_retries=max_retries)

    begun = Begun(KIND, {"base_url": str(client.base_url)}, fingerprint_of(client), None)
    try:
        await carry_out(place.lock)
        check = None if same_account else partial(check_account, client)
        journal = await carry_out(partial(_open, place, begun, check, overwrite=overwrite))
        fetcher = Fetcher(client, place, timeout, max_retries)
        return await RecordingsRun(list_all, place, journal, fetcher, places, progress).run()
    finally:
        await carry_out(place.unlock)


def _open(
    place: Destination, begun: Begun, check: Callable[[Begun], None] | None, *, overwrite: bool
) -> Journal[State]:
    place.clean()
    state = None if overwrite else read_state(place.read_lines(journal_name(KIND)), str(place))
    if state is not None and not (state.audio or any(map(_OURS.fullmatch, place.stamps()))):
        state = None  # what was asked for in vain, with another token, say, binds nobody
    if state is not None:
        compare(state.begun, begun, place)
        if check is not None:
            check(state.begun)
    journal = Journal(place, KIND, state or State(begun))
    journal.shorten()
    return journal
