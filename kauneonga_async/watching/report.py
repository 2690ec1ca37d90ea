"""WatchReport: what a watch has done so far."""

from __future__ import annotations

from datetime import datetime

import msgspec

__all__ = ["WatchReport"]


class WatchReport(msgspec.Struct):
    """What a watch has done so far; it goes on changing while the watch runs.

    Attributes:
        polls: Polls that were carried to their end.
        windows: Answers that were read, or that the server said still hold.
        unchanged: Those of them that the server said still hold (304): nothing of them was sent.
        records: Records that were looked at.
        bytes: Bytes of body read, after decompression, those of tries that failed included.
        created: Messages handed out as created.
        updated: Messages handed out as updated.
        invalid: Records that did not fit their type and were skipped or handed to ``on_invalid``.
        failures: Polls that failed, and were outlasted.
        last_error: The type of the latest failure's error, as ``"RequestTimeout"``.
        complete_until: All that the server had by then, by its own clock, was handed out and acknowledged.
    """

    polls: int = 0
    windows: int = 0
    unchanged: int = 0
    records: int = 0
    bytes: int = 0
    created: int = 0
    updated: int = 0
    invalid: int = 0
    failures: int = 0
    last_error: str | None = None
    complete_until: datetime | None = None
