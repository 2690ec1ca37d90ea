"""Messages: ``client.messages``."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar, overload

import msgspec

from kauneonga_async import config, windows
from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.decoding import record_reader
from kauneonga_async.models import Message
from kauneonga_async.resources.by_id import ById
from kauneonga_async.resources.context import Context
from kauneonga_async.streams import Listing, OnInvalid, RecordStream, check_on_invalid

__all__ = ["Messages", "listing_of"]

T = TypeVar("T")

PATH = "/v2/messages"


class Messages(ById):
    """Messages that agents took for the account (API.md, Requests).

    The methods share these arguments:

    - ``record_type``: What a record is decoded to: :class:`Message`, a subclass of it, ``Message[MyAnswers]``, a
      narrower ``msgspec.Struct`` (faster), ``dict``, or ``msgspec.Raw`` (the record's own bytes).
    - ``on_invalid``: What becomes of a record that does not fit its type: ``"raise"``, ``"skip"``, or a callable
      that is handed an :class:`InvalidRecord`; the record is then left out.
    - ``timeout``: Seconds for a whole call over all its tries; for a stream, to its next bytes.
    - ``max_retries``: Tries after the first.
    - ``extra_headers``: Headers to send besides the client's own.

    All raise :class:`TypeError` or :class:`ValueError` for an argument that cannot be, before any request, and
    :class:`KauneongaError` as the tree in ``kauneonga_async.errors`` says.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context, PATH)

    @overload
    def stream(
        self,
        from_date: date | None = None,
        to_date: date | None = None,
        *,
        window: timedelta | None = None,
        concurrency: int | None = None,
        ordered: bool = True,
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> RecordStream[Message]: ...
    @overload
    def stream(
        self,
        from_date: date | None = None,
        to_date: date | None = None,
        *,
        record_type: type[T],
        window: timedelta | None = None,
        concurrency: int | None = None,
        ordered: bool = True,
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> RecordStream[T]: ...
    def stream(
        self,
        from_date: date | None = None,
        to_date: date | None = None,
        *,
        record_type: Any = Message,
        window: timedelta | None = None,
        concurrency: int | None = None,
        ordered: bool = True,
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> RecordStream[Any]:
        """Return a stream of the messages of a range, each exactly once; nothing is asked for until it is iterated.

        Args:
            from_date: The first day, or an aware datetime, an exact instant; None, without ``to_date`` either, for
                one call for everything.
            to_date: The last day, included, or an aware datetime, not included; None for no end.
            record_type: See the class.
            window: How many days to ask for at once, as a timedelta; None lets the range decide (7 to 31 days).
            concurrency: How many windows to ask for at once; None for as many as the client has requests in flight.
            ordered: Whether windows come out in order; within one, records come as the server lists them. Records
                that a window was found to lack come when they are found.
            on_invalid: See the class, as for what follows.
            timeout: Seconds to the next bytes.
            max_retries: Tries after the first, for each window.
            extra_headers: Headers besides the client's own.

        Raises:
            CalendarMismatch: The server's dates do not mean what the client's calendar says.
            IncompleteResult: The server does not list all it holds.
        """
        listing = listing_of(
            self,
            from_date,
            to_date,
            record_type=record_type,
            window=window,
            concurrency=concurrency,
            ordered=ordered,
            on_invalid=on_invalid,
            timeout=timeout,
            max_retries=max_retries,
            extra_headers=extra_headers,
        )
        return self._context.stream(listing)

    @overload
    async def list(
        self,
        from_date: date | None = None,
        to_date: date | None = None,
        *,
        window: timedelta | None = None,
        concurrency: int | None = None,
        ordered: bool = True,
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> builtins.list[Message]: ...
    @overload
    async def list(
        self,
        from_date: date | None = None,
        to_date: date | None = None,
        *,
        record_type: type[T],
        window: timedelta | None = None,
        concurrency: int | None = None,
        ordered: bool = True,
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> builtins.list[T]: ...
    async def list(
        self, from_date: date | None = None, to_date: date | None = None, **options: Any
    ) -> builtins.list[Any]:
        """Return the messages of a range: a stream, collected; the arguments are :meth:`stream`'s."""
        stream = self.stream(from_date, to_date, **options)
        del options  # extra headers may be secrets: no frame that waits holds them
        return await stream.collect()


def listing_of(
    messages: Messages,
    from_date: date | None,
    to_date: date | None,
    *,
    record_type: Any,
    window: timedelta | None,
    concurrency: int | None,
    ordered: bool,
    on_invalid: OnInvalid,
    timeout: float | None,
    max_retries: int | None,
    extra_headers: Mapping[str, str] | None,
) -> Listing[Any]:
    """Return what ``messages.stream`` asks for and how, checked: for exports, which read it in a way of their own."""
    context = messages._context  # noqa: SLF001 - no method, which users would be shown
    bounds = windows.check_range(from_date, to_date, context.calendar)
    length = windows.check_window(window)
    config.check_flag("ordered", ordered)
    options = context.transport.options.override(timeout, max_retries, extra_headers)
    date_field = context.calendar.date_field if bounds else None
    return Listing(
        transport=context.transport,
        decoding=context.supervisors.decoding,
        path=PATH,
        reader=record_reader(record_type, "id", date_field),
        on_invalid=check_on_invalid(on_invalid),
        options=options,
        calendar=context.calendar,
        bounds=bounds,
        make_plan=partial(_plan_now, bounds, context.calendar, length) if bounds else None,
        concurrency=context.at_once(concurrency) if bounds else 1,
        ordered=ordered,
        finish=msgspec.Raw.copy if record_type is msgspec.Raw else None,
        exists=messages._exists,  # noqa: SLF001 - as above
    )


def _plan_now(bounds: windows.Range, calendar: ServerCalendar, length: timedelta | None) -> windows.Plan:
    return windows.plan(bounds, calendar, length, datetime.now(UTC))
