"""ExportReport: what an export has done so far."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kauneonga_async.streams import StreamReport

__all__ = ["ExportReport"]


class ExportReport(msgspec.Struct):
    """What a run of an export has done; handed to its progress callback as it goes on, and returned at its end.

    Attributes:
        parts: Files that were finished.
        parts_planned: Files that were planned; windows that are cut in two make more.
        parts_kept: Files of earlier runs that are still whole, and were not asked for.
        records_kept: Records in them.
        bytes_written: Bytes written to files.
        without_details: Messages that were to be fetched whole, were gone by then or answered without their id, and
            stand as they were listed.
        until: Records created before this instant are in the export; later ones belong to the next run. None where
            everything was asked for at once, and where the range lies in the future.
        seconds: How long it has taken.
        stream: What was asked for and read: windows, records, bytes, retries, splits.
    """

    parts: int = 0
    parts_planned: int = 0
    parts_kept: int = 0
    records_kept: int = 0
    bytes_written: int = 0
    without_details: int = 0
    until: datetime | None = None
    seconds: float = 0.0
    stream: StreamReport = msgspec.field(default_factory=StreamReport)

    @property
    def records(self) -> int:
        """Records written."""
        return self.stream.records
