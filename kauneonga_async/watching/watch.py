"""Watch: what ``watch()`` returns: a recipe that each ``async for`` starts, where the one before left off."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Generic

from typing_extensions import TypeVar

from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.models import Message
from kauneonga_async.streams import Iteration, Iterations, Records, Supervisors
from kauneonga_async.watching.changes import MessageChange
from kauneonga_async.watching.cursor import Cursor, MemoryCursor
from kauneonga_async.watching.handover import Handover, Taker
from kauneonga_async.watching.report import WatchReport
from kauneonga_async.watching.run import Terms, WatchRun
from kauneonga_async.watching.sqlite_cursor import SqliteCursor, account_key, check_path

__all__ = ["Watch", "check_cursor", "check_start"]

T = TypeVar("T", default=Message)


class Watch(Generic[T]):
    """Messages that appear or change, as they do, without end.

    A change is acknowledged when the next one is asked for, and is then never handed out again; one that is not,
    because the loop was left or the process ended, comes again. Nothing is asked for until it is iterated. Leaving a
    loop early releases connection and cursor; where that must not wait for the garbage collector, use ``async with``
    or ``aclose()``.

    Examples:
        >>> async def forward(client: KauneongaClient) -> None:
        ...     async for change in client.messages.watch(cursor="cursor.db"):
        ...         print(change.kind, change.message.id)
    """

    def __init__(self, terms: Terms[T], cursor: Cursor | str | Path | None, supervisors: Supervisors) -> None:
        self._terms = terms
        self._cursor: Cursor | str | Path = MemoryCursor() if cursor is None else cursor
        self._report = WatchReport()
        self._settle = supervisors.settle
        self._iterations: Iterations[MessageChange[T]] = Iterations(terms.listing.transport.check, supervisors)

    @property
    def report(self) -> WatchReport:
        """What the latest iteration has done so far."""
        return self._report

    def __aiter__(self) -> AsyncIterator[MessageChange[T]]:
        """Start an iteration that yields one change at a time."""
        return Records(self._begin(one_by_one=True))

    def batches(self) -> AsyncIterator[list[MessageChange[T]]]:
        """Start an iteration that yields all changes of an answer at once, which are acknowledged at once too.

        That is cheaper where there are many: each acknowledgement is flushed to the disk.
        """
        return self._begin(one_by_one=False)

    async def aclose(self) -> None:
        """End all iterations, and wait until connection and cursor are released."""
        await self._iterations.aclose()

    async def __aenter__(self) -> Watch[T]:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"Watch({self._terms.listing.path}, every {self._terms.interval:g} s)"

    def _run(self, taker: Taker[MessageChange[T]]) -> WatchRun[T]:
        """Return an iteration whose changes go to a taker, one by one; for fleets, which run it in a task of theirs."""
        self._terms.listing.transport.check()
        self._report = WatchReport()
        return _make_run(self._terms, self._cursor, self._report, taker, self._settle, True)

    def _begin(self, *, one_by_one: bool) -> Iteration[MessageChange[T]]:
        self._report = WatchReport()
        handover: Handover[MessageChange[T]] = Handover()
        return self._iterations.begin(
            handover,
            partial(_make_run, self._terms, self._cursor, self._report, handover, self._settle, one_by_one),
        )


def check_cursor(cursor: Any) -> Any:
    """Return a cursor, or a path for one, if it is either, or None.

    Raises:
        TypeError: It is neither.
        ValueError: It is an empty path.
    """
    if isinstance(cursor, (str, Path)):
        return check_path(cursor)
    if cursor is None:
        return None
    if all(callable(getattr(cursor, name, None)) for name in ("open", "digests", "save", "close")):
        return cursor
    raise TypeError(f"cursor: a path, a Cursor or None is needed, not {type(cursor).__name__}")


def check_start(start: Any, calendar: ServerCalendar) -> datetime | None:
    """Return the instant that ``start`` means, or None for the present.

    Raises:
        TypeError: It is neither ``"now"`` nor a date.
        ValueError: It is another string, or a datetime without a time zone.
    """
    if isinstance(start, str):
        if start == "now":
            return None
        raise ValueError(f"start: 'now', a date or an aware datetime is needed, not {start!r}")
    if not isinstance(start, date):
        raise TypeError(f"start: 'now', a date or an aware datetime is needed, not {type(start).__name__}")
    if not isinstance(start, datetime):
        return calendar.start_of(start)
    if start.utcoffset() is None:
        raise ValueError(f"start: the datetime {start.isoformat()} has no time zone; add one, as in tzinfo=UTC")
    return start


def _make_run(
    terms: Terms[T],
    cursor: Cursor | str | Path,
    report: WatchReport,
    taker: Taker[MessageChange[T]],
    settle: Callable[[], Awaitable[None]],
    one_by_one: bool,  # noqa: FBT001 - for partial
) -> WatchRun[T]:
    account = account_key(terms.listing.transport.base_url, None)
    kept = SqliteCursor(cursor, account) if isinstance(cursor, (str, Path)) else cursor
    return WatchRun(terms, kept, report, taker, settle, one_by_one=one_by_one)
