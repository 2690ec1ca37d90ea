"""Context: what all resources of a client work with."""

from __future__ import annotations

from typing import Any, TypeVar, cast

import msgspec

from kauneonga_async import config
from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.decoding import InvalidRecord, ObjectReader, Refusal
from kauneonga_async.errors import DecodeError, KauneongaError
from kauneonga_async.streams import ChannelOutlet, InvalidPolicy, ListingRun, OnInvalidFailed, RecordStream, Supervisors
from kauneonga_async.streams.listing import Listing
from kauneonga_async.transport import Answer, Request, Transport

__all__ = ["Context"]

T = TypeVar("T")


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What the resources of one account share.

    Attributes:
        transport: The account's calls.
        supervisors: The tasks of the client's streams.
        calendar: What is known of the server's dates.
        concurrency: Windows or ids asked for at once, where a call names no number.
    """

    transport: Transport
    supervisors: Supervisors
    calendar: ServerCalendar
    concurrency: int

    def stream(self, listing: Listing[T]) -> RecordStream[T]:
        """Return the stream of a listing."""
        return RecordStream(
            lambda report, channel: ListingRun(listing, report, ChannelOutlet(channel)),
            self.transport.check,
            self.supervisors,
            listing.path,
        )

    def at_once(self, concurrency: int | None) -> int:
        """Return how many windows or ids to ask for at once, given what a call names."""
        return self.concurrency if concurrency is None else config.check_count("concurrency", concurrency, least=1)

    async def fetch(self, request: Request, reader: ObjectReader[T], invalid: InvalidPolicy) -> T | None:
        """Send a request whose answer is one object, and return it; None if it does not fit and that is borne."""

        async def read(answer: Answer) -> T | InvalidRecord:
            failure: KauneongaError
            body = await answer.read_whole()
            try:
                found = reader.read(body)
                if request.repeatable or not isinstance(found, InvalidRecord):
                    return found
                failure = found.error  # of what was created: that it was is now in doubt
            except DecodeError as error:
                failure = answer.identify(error)
            except Refusal as refusal:
                failure = answer.refused(body, refusal.info)
            # Without the frames below, whose locals hold the record, and without ours.
            del body
            raise failure.with_traceback(None)

        found: Any = await self.transport.send(request, read)
        if isinstance(found, InvalidRecord):
            try:
                invalid.meet(found)
            except OnInvalidFailed as failed:
                error = failed.error
            else:
                return None
            raise error
        return cast("T", found.copy() if isinstance(found, msgspec.Raw) else found)
