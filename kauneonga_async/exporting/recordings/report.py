"""RecordingsReport: what an export of recordings has done so far."""

from __future__ import annotations

import msgspec

__all__ = ["RecordingsReport"]


class RecordingsReport(msgspec.Struct):
    """What a run has done; handed to its progress callback as it goes on, and returned at its end.

    Attributes:
        listed: Recordings that the server listed.
        downloaded: Files that were finished.
        kept: Files of earlier runs that are still whole, and were not asked for.
        expired: Recordings whose audio's URL was refused, also after they were listed once more, if they still were.
        missing: Recordings whose audio is not where it should be.
        failed: Recordings whose audio could not be had.
        without_audio: Recordings that have none.
        bytes_written: Bytes in the files that were finished.
        retries: Tries after the first, of downloads.
        seconds: How long it has taken.
    """

    listed: int = 0
    downloaded: int = 0
    kept: int = 0
    expired: int = 0
    missing: int = 0
    failed: int = 0
    without_audio: int = 0
    bytes_written: int = 0
    retries: int = 0
    seconds: float = 0.0
