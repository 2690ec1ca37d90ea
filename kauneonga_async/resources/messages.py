"""Messages: ``client.messages``."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Literal, TypeVar, overload

import msgspec

from kauneonga_async import config, windows
from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.decoding import InvalidRecord, object_reader, record_reader
from kauneonga_async.errors import DecodeError, NotFound, PermissionDenied
from kauneonga_async.models import Message
from kauneonga_async.resources.context import Context
from kauneonga_async.resources.watched import Watched
from kauneonga_async.streams import (
    RAISING,
    Channel,
    InvalidPolicy,
    Listing,
    LookupRun,
    OnInvalid,
    RecordStream,
    StreamReport,
    check_on_invalid,
)

__all__ = ["Messages"]

T = TypeVar("T")

Missing = Literal["raise", "skip"]
Handler = Callable[[InvalidRecord], Any]

PATH = "/v2/messages"


class Messages(Watched):
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
    async def get(
        self,
        message_id: int,
        *,
        on_invalid: Literal["raise"] = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> Message: ...
    @overload
    async def get(
        self,
        message_id: int,
        *,
        record_type: type[T],
        on_invalid: Literal["raise"] = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> T: ...
    @overload
    async def get(
        self,
        message_id: int,
        *,
        record_type: type[T] = ...,
        on_invalid: OnInvalid,
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> T | None: ...
    async def get(
        self,
        message_id: int,
        *,
        record_type: Any = Message,
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Return one message, whole.

        Args:
            message_id: Its id, a positive integer.
            record_type: See the class, as for what follows.
            on_invalid: If it is not ``"raise"``, a message that does not fit is None.
            timeout: Seconds for all tries together.
            max_retries: Tries after the first.
            extra_headers: Headers besides the client's own.

        Raises:
            NotFound: There is no such message.
        """
        config.check_id("message_id", message_id)
        invalid = RAISING
        if on_invalid != "raise":
            invalid = InvalidPolicy(check_on_invalid(on_invalid), StreamReport())
        options = self._context.transport.options.override(timeout, max_retries, extra_headers)
        return await self._fetch(message_id, record_type, invalid, options)

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
        listing = self.listing(
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

    def listing(
        self,
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
        """Return what :meth:`stream` asks for and how, checked: for exports, which read it in a way of their own."""
        context = self._context
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
            concurrency=_concurrency(concurrency, context) if bounds else 1,
            ordered=ordered,
            finish=msgspec.Raw.copy if record_type is msgspec.Raw else None,
            exists=self._exists,
        )

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
        return await self.stream(from_date, to_date, **options).collect()

    @overload
    def get_many(
        self,
        ids: Iterable[int],
        *,
        missing: Missing = "raise",
        concurrency: int | None = None,
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> RecordStream[Message]: ...
    @overload
    def get_many(
        self,
        ids: Iterable[int],
        *,
        record_type: type[T],
        missing: Missing = "raise",
        concurrency: int | None = None,
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> RecordStream[T]: ...
    def get_many(
        self,
        ids: Iterable[int],
        *,
        record_type: Any = Message,
        missing: Missing = "raise",
        concurrency: int | None = None,
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> RecordStream[Any]:
        """Return a stream of whole messages, fetched concurrently, in the order of their ids' first mention.

        Args:
            ids: Their ids; an iterator is read as the stream goes on, and can be iterated once. One that comes
                twice is fetched once.
            record_type: See the class.
            missing: ``"raise"`` (NotFound) or ``"skip"``.
            concurrency: How many to ask for at once; None for as many as the client has requests in flight.
            on_invalid: See the class, as for what follows.
            timeout: Seconds for each message, over all its tries.
            max_retries: Tries after the first, for each message.
            extra_headers: Headers besides the client's own.

        Raises:
            NotFound: There is no such message, and ``missing`` is ``"raise"``.
        """
        if isinstance(ids, (str, bytes)) or not isinstance(ids, Iterable):
            raise TypeError(f"ids: an iterable of positive integers is needed, not {type(ids).__name__}")
        if isinstance(ids, Collection):
            for value in ids:
                config.check_id("ids", value)
        if not isinstance(missing, str):
            raise TypeError(f"missing: 'raise' or 'skip' is needed, not {type(missing).__name__}")
        if missing not in ("raise", "skip"):
            raise ValueError(f"missing: 'raise' or 'skip' is needed, not {missing!r}")
        context = self._context
        options = context.transport.options.override(timeout, max_retries, extra_headers)
        check_on_invalid(on_invalid)
        at_once = _concurrency(concurrency, context)
        object_reader(record_type)

        def recipe(report: StreamReport, channel: Channel[Any]) -> LookupRun[Any]:
            invalid = InvalidPolicy(on_invalid, report)

            async def fetch(message_id: int) -> builtins.list[Any]:
                try:
                    message = await self._fetch(message_id, record_type, invalid, options)
                except NotFound:
                    if missing == "raise":
                        raise
                    return []
                return [] if message is None else [message]

            return LookupRun(_checked(ids), fetch, at_once, report, channel)

        return RecordStream(recipe, context.transport.check, context.supervisors, PATH)

    def _fetch(
        self, message_id: int, record_type: Any, invalid: InvalidPolicy, options: config.CallOptions
    ) -> Coroutine[Any, Any, Any]:
        transport = self._context.transport
        request = transport.request("GET", f"{PATH}/{message_id}", options=options)
        return self._context.fetch(request, object_reader(record_type), invalid)

    async def _exists(self, message_id: int) -> bool:
        try:
            await self.get(message_id, record_type=msgspec.Raw)
        except NotFound:
            return False
        except (DecodeError, PermissionDenied):
            return True  # nobody says that it is gone
        return True


def _plan_now(bounds: windows.Range, calendar: ServerCalendar, length: timedelta | None) -> windows.Plan:
    return windows.plan(bounds, calendar, length, datetime.now(UTC))


def _concurrency(value: int | None, context: Context) -> int:
    return context.concurrency if value is None else config.check_count("concurrency", value, least=1)


def _checked(ids: Iterable[int]) -> Iterator[int]:
    return (config.check_id("ids", value) for value in ids)
