"""ExportReport: what an export has done so far."""

from __future__ import annotations

import msgspec

from kauneonga_async.streams import StreamReport

__all__ = ["ExportReport"]


class ExportReport(msgspec.Struct):
    """What an export has done; handed to its progress callback as it goes on, and returned at its end.

    Attributes:
        parts: Files that are finished.
        parts_planned: Files that were planned; windows that are cut in two make more.
        bytes_written: Bytes written to files.
        seconds: How long it has taken.
        stream: What was asked for and read: windows, records, bytes, retries, splits.
    """

    parts: int = 0
    parts_planned: int = 0
    bytes_written: int = 0
    seconds: float = 0.0
    stream: StreamReport = msgspec.field(default_factory=StreamReport)

    @property
    def records(self) -> int:
        """Records written."""
        return self.stream.records
