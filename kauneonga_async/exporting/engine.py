"""Engine: what reads an export's windows in other processes: an order for each, and what is delivered on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from kauneonga_async import config
from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.exporting.entries import PartEntry
from kauneonga_async.streams import StreamReport
from kauneonga_async.windows import Range, Window

__all__ = ["Carry", "Delivery", "Engine", "Job", "Order"]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What all orders of an export have in common. It holds nothing confidential: it may be logged.

    Attributes:
        base_url: Where the API stands.
        account: Whose records they are: a salt, and a digest that tells accounts apart and is no token.
        calendar: What is known of the server's dates.
        timeout: Seconds to the next bytes.
        max_retries: Tries after the first.
        concurrency: Messages that are fetched at once where details are wanted.
        bounds: The range of the export.
        destination: A folder, or a URL, that all processes share.
        kind: What is exported.
        format: ``"jsonl"``, ``"csv"`` or ``"parquet"``.
        compression: ``"gz"``, ``"zst"`` or None.
        answers: Answers with a column of their own.
        details: Whether to fetch each message whole.
        on_invalid: What becomes of records that cannot be read.
    """

    base_url: str
    account: str
    calendar: ServerCalendar
    timeout: float = config.TIMEOUT
    max_retries: int = config.MAX_RETRIES
    concurrency: int = config.CONCURRENCY
    bounds: Range | None = None
    destination: str
    kind: str
    format: str
    compression: str | None = None
    answers: tuple[str, ...] = ()
    details: bool = False
    on_invalid: Literal["raise", "skip"] = "raise"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One window that is to be read and staged.

    Attributes:
        job: What it is a part of.
        window: The window, or None where there are no dates.
        name: The name that its file is to have.
        present: The files of what is asked for again, whose records are not to be written once more; None if it is
            asked for the first time.
    """

    job: Job
    window: Window | None
    name: str
    present: tuple[str, ...] | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an order: no more than the journal and the audit need, and no message's text.

    Attributes:
        part: The file that was staged; None if what was asked for again lacked nothing.
        total: Records in the server's answer.
        handed_out: Records in the file.
        earliest: The first date in the answer.
        latest: The last date in the answer.
        ids: The ids of the window's own records, as steps; empty where no other window can see them.
        sightings: The ids of other windows' records, by the ordinal of the day, as steps.
        report: What was read and tried.
    """

    part: PartEntry | None
    total: int
    handed_out: int
    earliest: datetime | None
    latest: datetime | None
    ids: list[int]
    sightings: dict[int, list[int]]
    report: StreamReport


Carry = Callable[[Order], Awaitable[Delivery]]
"""Has an order carried out, and raises what whoever did so raised."""


class Engine(Protocol):
    """Other processes, which have the destination and the account in reach."""

    def open(self, account: str) -> AbstractAsyncContextManager[Carry]:
        """Be ready for the orders of one export, for as long as a block lasts.

        Args:
            account: Whose records they will be; see ``Job``.
        """
        ...
