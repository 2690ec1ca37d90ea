"""Listing: what a stream asks for, and how it reads what comes: the part of a recipe that never changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import msgspec

from kauneonga_async import config
from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.decoding import RecordReader
from kauneonga_async.streams.sieve import OnInvalid
from kauneonga_async.transport import Transport
from kauneonga_async.windows import Plan, Range

__all__ = ["Listing"]

T = TypeVar("T")


class Listing(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One listing of one account.

    Attributes:
        transport: The account's calls.
        decoding: Held by who decodes: one slice a turn of the loop, in however many streams of a client.
        path: The path under the base URL.
        reader: Reads the records.
        on_invalid: What becomes of records that do not fit their type.
        options: Timeout, retries and headers.
        calendar: What is known of the server's dates.
        bounds: The range of dates, or None for one call for everything.
        make_plan: Plans the windows of that range.
        concurrency: Windows that are asked for at once.
        ordered: Whether windows come out in order.
        accept_object: Whether an object in the list's place is its only record.
        finish: Makes what is handed out of a record that is kept; None hands it out as it is.
        exists: Tells whether a record can be fetched by its id, for those that are missing from a list.
    """

    transport: Transport
    decoding: asyncio.Lock
    path: str
    reader: RecordReader[T]
    on_invalid: OnInvalid
    options: config.CallOptions
    calendar: ServerCalendar
    bounds: Range | None = None
    make_plan: Callable[[], Plan] | None = None
    concurrency: int = 1
    ordered: bool = True
    accept_object: bool = False
    finish: Callable[[Any], T] | None = None
    exists: Callable[[int], Awaitable[bool]] | None = None
