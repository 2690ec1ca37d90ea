"""Verify: whether an export's files are what its journal says, byte for byte."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import msgspec
from anyio import to_thread

from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.errors import ConfigurationError
from kauneonga_async.exporting.destinations import Destination, destination_at
from kauneonga_async.exporting.journal import journal_name
from kauneonga_async.exporting.opening import digest_of, part_pattern
from kauneonga_async.exporting.state import State, read_state

__all__ = ["VerifyReport", "verify_export"]


class VerifyReport(msgspec.Struct):
    """What was found at a destination.

    Attributes:
        parts: Files that are as they were written.
        records: Records in them.
        bytes: Bytes in them.
        missing: Files that are not there.
        damaged: Files whose bytes are others than were written.
        unknown: Files that look like parts, and that the journal does not tell of.
        replaced: Files whose windows are being exported anew, and that will go.
        pending: Windows that are not there yet.
    """

    parts: int = 0
    records: int = 0
    bytes: int = 0
    missing: list[str] = []
    damaged: list[str] = []
    unknown: list[str] = []
    replaced: list[str] = []
    pending: list[str] = []

    @property
    def is_whole(self) -> bool:
        """Whether all is there, and nothing else that looks like a part."""
        return not (self.missing or self.damaged or self.unknown or self.replaced or self.pending)


async def verify_export(
    destination: str | os.PathLike[str], *, storage_options: Mapping[str, Any] | None = None
) -> VerifyReport:
    """Compare every file of an export of messages with its journal; nothing is changed, and no server is asked.

    What is missing or damaged is exported anew when the export is started again with the same arguments; remove a
    damaged file first if its size and time are those of the one that was written.

    Args:
        destination: Where it is: a folder, or a URL.
        storage_options: What fsspec is to know of a URL's store.

    Raises:
        ConfigurationError: No export was made there.
    """

    def verify() -> VerifyReport:
        return _verify(destination_at(destination, "messages", storage_options), "messages")

    return await to_thread.run_sync(verify)


def _verify(place: Destination, kind: str) -> VerifyReport:
    state = read_state(place.read_lines(journal_name(kind)), str(place))
    if state is None:
        raise ConfigurationError(f"destination: {place} holds no journal of an export of {kind}")
    report = VerifyReport()
    stamps = place.stamps()
    known: set[str] = set()
    for part in state.parts:
        known.add(part.name)
        stamp = stamps.get(part.name)
        if stamp is None:
            report.missing.append(part.name)
        elif stamp.size != part.size or digest_of(place, part.name) != part.sha256:
            report.damaged.append(part.name)
        else:
            report.parts += 1
            report.records += part.records
            report.bytes += part.size
    replaced = {name for entry in state.replaced for name in entry.names} - known
    report.replaced += sorted(replaced & stamps.keys())
    pattern = part_pattern(kind)
    report.unknown += sorted(name for name in stamps if pattern.fullmatch(name) and name not in known | replaced)
    pending = [*state.pending_windows(_calendar_of(state)), *(w for ask in state.pending_asks() for w in ask.windows)]
    report.pending += map(str, pending)
    if state.begun.days is None and not state.wholes:
        report.pending.append("everything")
    return report


def _calendar_of(state: State) -> ServerCalendar:
    zone = state.begun.arguments["timezone"]
    try:
        return ServerCalendar(None if zone == "unknown" else zone)
    except ValueError:  # a tzinfo that has no name
        return ServerCalendar()
