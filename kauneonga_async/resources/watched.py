"""Watched: ``client.messages.watch``: what is new or changed, as it comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from kauneonga_async import config
from kauneonga_async.decoding import line_reader, record_reader
from kauneonga_async.models import Message
from kauneonga_async.resources.context import Context
from kauneonga_async.streams import Listing, OnInvalid, check_on_invalid

if TYPE_CHECKING:
    from kauneonga_async.watching import Cursor, Watch

__all__ = ["Watched"]

T = TypeVar("T")

LookBack = timedelta | Mapping[timedelta, timedelta | None]


class Watched:
    """Messages that can be watched.

    Args:
        context: What the client's resources share.
        path: The path of their list.
    """

    def __init__(self, context: Context, path: str) -> None:
        self._context = context
        self._path = path

    @overload
    def watch(
        self,
        *,
        interval: float = config.WATCH_INTERVAL,
        cursor: Cursor | str | Path | None = None,
        start: date | Literal["now"] = "now",
        look_back: LookBack = config.LOOK_BACK,
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> Watch[Message]: ...
    @overload
    def watch(
        self,
        *,
        record_type: type[T],
        interval: float = config.WATCH_INTERVAL,
        cursor: Cursor | str | Path | None = None,
        start: date | Literal["now"] = "now",
        look_back: LookBack = config.LOOK_BACK,
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> Watch[T]: ...
    def watch(
        self,
        *,
        record_type: Any = Message,
        interval: float = config.WATCH_INTERVAL,
        cursor: Cursor | str | Path | None = None,
        start: date | Literal["now"] = "now",
        look_back: LookBack = config.LOOK_BACK,
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> Watch[Any]:
        """Return a watch over the messages: those that appear, and those that change, at least once each.

        A change is found by the record's own bytes; within a poll they come by ``updated_at``. What is deleted is not
        told of. Troubles of the network and the server are outlasted; what asking again cannot mend is raised.

        Args:
            record_type: See the class.
            interval: Seconds from the beginning of one poll to the next's, at the least.
            cursor: Where to keep what is known: a path for a SQLite file, made if it is not there; a
                :class:`Cursor`; or None, to know it only as long as this watch exists. One cursor serves one account.
            start: For a cursor that is new: ``"now"``, or a day or an aware datetime: messages from then on come as
                created first.
            look_back: How far back changes are looked for at each poll. Or, further back more seldom, how often for
                each reach: ``{timedelta(days=2): None, timedelta(days=60): timedelta(hours=6)}``.
            on_invalid: See the class, as for what follows.
            timeout: Seconds to the next bytes.
            max_retries: Tries after the first, for each request of a poll.
            extra_headers: Headers besides the client's own.

        Raises:
            DestinationLocked: From the iteration: another watch is using the cursor.
            CalendarMismatch: From the iteration: the server's dates do not mean what the client's calendar says.
            IncompleteResult: From the iteration: the server does not list all that a day holds.
        """
        # Late, as downloads are: an eighth of what is ours to import, and not for everybody.
        from kauneonga_async.watching import Terms, Watch, check_cursor, check_start, read_look_back  # noqa: PLC0415

        context = self._context
        calendar = context.calendar
        terms: Terms[Any] = Terms(
            listing=Listing(
                transport=context.transport,
                decoding=context.supervisors.decoding,
                path=self._path,
                reader=line_reader(calendar.date_field),
                on_invalid=check_on_invalid(on_invalid),
                options=context.transport.options.override(timeout, max_retries, extra_headers),
                calendar=calendar,
            ),
            reader=record_reader(record_type, "id", calendar.date_field),
            interval=config.check_seconds("interval", interval),
            start=check_start(start, calendar),
            look_back=read_look_back(look_back),
        )
        return Watch(terms, check_cursor(cursor), context.supervisors)
