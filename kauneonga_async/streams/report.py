"""StreamReport: what a stream has done so far, and what it learnt of the server's calendar."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import msgspec

from kauneonga_async.calendars import shift_day
from kauneonga_async.windows import Window

__all__ = ["LearntCalendar", "StreamReport"]


class LearntCalendar(msgspec.Struct):
    """What the records that came show of the server's dates.

    Attributes:
        offset_at_least: The server's offset from UTC is this, or more.
        offset_at_most: The server's offset from UTC is less than this.
        to_date_inclusive: True once a record of a ``to_date``'s own day came; None while none did.
    """

    offset_at_least: timedelta = timedelta(hours=-12)
    offset_at_most: timedelta = timedelta(hours=14)
    to_date_inclusive: bool | None = None

    def learn(self, window: Window, earliest: datetime, latest: datetime) -> None:
        """Draw what can be drawn from the earliest and the latest record of a window's answer."""
        asked_from = datetime.combine(window.ask_from, time.min, UTC)
        asked_to = datetime.combine(window.ask_to, time.min, UTC)
        asked_end = datetime.combine(shift_day(window.ask_to, 1), time.min, UTC)
        self.offset_at_least = max(self.offset_at_least, asked_from - earliest)
        self.offset_at_most = min(self.offset_at_most, asked_end - latest)
        if latest - asked_to >= timedelta(hours=12):
            self.to_date_inclusive = True


class StreamReport(msgspec.Struct):
    """What a stream has done so far; it goes on changing while the stream runs.

    Attributes:
        windows: Windows fully read.
        records: Records handed out.
        bytes: Bytes of body read, after decompression, those of tries that failed included.
        dropped: Records that came in a window's padding, and are another window's.
        duplicates: Records that came again and were left out.
        invalid: Records that did not fit their type and were skipped or handed to ``on_invalid``.
        retries: Tries after the first.
        splits: Windows that were cut in two and asked for again.
        calendar: What was learnt of the server's dates.
    """

    windows: int = 0
    records: int = 0
    bytes: int = 0
    dropped: int = 0
    duplicates: int = 0
    invalid: int = 0
    retries: int = 0
    splits: int = 0
    calendar: LearntCalendar = msgspec.field(default_factory=LearntCalendar)
