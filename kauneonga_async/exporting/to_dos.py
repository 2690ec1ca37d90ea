"""To-dos: all of them as they stand, to one file: what a list without dates can give."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
from anyio import to_thread

from kauneonga_async.client import KauneongaClient
from kauneonga_async.exporting.arguments import check_common
from kauneonga_async.exporting.destinations import Destination, destination_at
from kauneonga_async.exporting.entries import PartEntry
from kauneonga_async.exporting.formats import JsonLines, format_named
from kauneonga_async.exporting.formats.compression import COMPRESSIONS
from kauneonga_async.exporting.part import Part, part_name
from kauneonga_async.exporting.report import ExportReport
from kauneonga_async.streams import RecordStream
from kauneonga_async.threads import carry_out

__all__ = ["export_to_dos"]

KIND = "to_dos"


async def export_to_dos(
    client: KauneongaClient,
    destination: str | os.PathLike[str],
    *,
    compression: str | None = None,
    storage_options: Mapping[str, Any] | None = None,
    timeout: float | None = None,
    max_retries: int | None = None,
) -> ExportReport:
    """Write all to-dos, each with its schedule, to ``to_dos.jsonl``, in place of what was there.

    With ``compression`` it is ``to_dos.jsonl.gz`` or ``to_dos.jsonl.zst``, and also takes the place of one of the other
    two names. The file is the server's own bytes, appears only when it is whole, and is its owner's alone (0600).
    To-dos cannot be asked for by date: an export that is stopped begins anew.

    Args:
        client: The account.
        destination: A folder, which is made if it is not there, or a URL such as ``s3://bucket/folder``.
        compression: ``"gz"`` or ``"zst"``; None for none.
        storage_options: What fsspec is to know of a URL's store.
        timeout: Seconds to the next bytes.
        max_retries: Tries after the first.

    Raises:
        DestinationLocked: Another process exports to-dos to it.
        KauneongaError: The to-dos cannot be listed.
        OSError: The file cannot be written.
    """
    began, report = time.monotonic(), ExportReport(parts_planned=1)
    check_common(client, None)
    form = format_named("jsonl", compression)
    stream = client.to_dos.stream(record_type=msgspec.Raw, timeout=timeout, max_retries=max_retries)
    place = await to_thread.run_sync(partial(destination_at, destination, KIND, storage_options))
    del destination, storage_options  # they may hold secrets: no frame that waits holds them
    try:
        await carry_out(place.lock)
        await carry_out(place.clean)
        part = Part(place.create, part_name(None, KIND, form.ending), form, None, lambda size: None)
        try:
            entry = await _write(stream, part)
        finally:
            await part.discard()
        await carry_out(partial(_remove_others, place, entry.name))
    finally:
        await carry_out(place.unlock)
    report.parts, report.bytes_written, report.stream = 1, entry.size, stream.report
    report.seconds = time.monotonic() - began
    return report


def _remove_others(place: Destination, name: str) -> None:
    """Remove what exports of another compression left, which would go stale beside the new file."""
    names = {part_name(None, KIND, JsonLines(compression).ending) for compression in (None, *COMPRESSIONS)} - {name}
    place.remove(sorted(names & place.stamps().keys()))


async def _write(stream: RecordStream[msgspec.Raw], part: Part) -> PartEntry:
    failure: BaseException
    try:
        return await _write_all(stream, part)
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - raised below
        failure = error
    # Without the frames below, whose locals hold to-dos.
    raise failure.with_traceback(None)


async def _write_all(stream: RecordStream[msgspec.Raw], part: Part) -> PartEntry:
    async with stream:
        async for batch in stream.batches():
            await part.send(batch)
    return await part.commit()
