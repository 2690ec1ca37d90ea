"""ById: messages whose ids are known: one of them, or many at once."""

from __future__ import annotations

from collections.abc import Collection, Coroutine, Iterable, Iterator, Mapping
from typing import Any, Literal, TypeVar, overload

import msgspec

from kauneonga_async import config
from kauneonga_async.decoding import object_reader
from kauneonga_async.errors import DecodeError, NotFound, PermissionDenied
from kauneonga_async.models import Message
from kauneonga_async.resources.watched import Watched
from kauneonga_async.streams import (
    RAISING,
    Channel,
    InvalidPolicy,
    LookupRun,
    OnInvalid,
    RecordStream,
    StreamReport,
    check_on_invalid,
)

__all__ = ["ById"]

T = TypeVar("T")

Missing = Literal["raise", "skip"]


class ById(Watched):
    """The part of ``client.messages`` that is asked for by ids."""

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
        del extra_headers  # they may be secrets: no frame that waits holds them
        return await self._fetch(message_id, record_type, invalid, options)

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
            timeout: Seconds for each message, over all its tries; what it waits for the account's pace, or because
                the server asked for a pause, does not count.
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
        at_once = context.at_once(concurrency)
        object_reader(record_type)

        def recipe(report: StreamReport, channel: Channel[Any]) -> LookupRun[Any]:
            invalid = InvalidPolicy(on_invalid, report)

            async def fetch(message_id: int) -> list[Any]:
                try:
                    message = await self._fetch(message_id, record_type, invalid, options, is_one_of_many=True)
                except NotFound:
                    if missing == "raise":
                        raise
                    return []
                return [] if message is None else [message]

            return LookupRun(_checked(ids), fetch, at_once, report, channel)

        return RecordStream(recipe, context.transport.check, context.supervisors, self._path)

    def _fetch(
        self,
        message_id: int,
        record_type: Any,
        invalid: InvalidPolicy,
        options: config.CallOptions,
        *,
        is_one_of_many: bool = False,
    ) -> Coroutine[Any, Any, Any]:
        transport = self._context.transport
        request = transport.request("GET", f"{self._path}/{message_id}", options=options, is_one_of_many=is_one_of_many)
        return self._context.fetch(request, object_reader(record_type), invalid)

    async def _exists(self, message_id: int) -> bool:
        try:
            await self.get(message_id, record_type=msgspec.Raw)
        except NotFound:
            return False
        except (DecodeError, PermissionDenied):
            return True  # nobody says that it is gone
        return True


def _checked(ids: Iterable[int]) -> Iterator[int]:
    return (config.check_id("ids", value) for value in ids)
