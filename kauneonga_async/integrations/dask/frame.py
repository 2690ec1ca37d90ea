"""Frame: messages as a Dask dataframe, a partition a window, with the Parquet export's schema."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from kauneonga_async import config, windows
from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.client import KauneongaClient
from kauneonga_async.errors import ConfigurationError
from kauneonga_async.integrations.dask.token_file import token_of

if TYPE_CHECKING:
    import pandas as pd
    from dask.dataframe import DataFrame

__all__ = ["read_messages"]


class _Question(msgspec.Struct, frozen=True, kw_only=True):
    """What each partition asks, and of whom; no token is in it."""

    base_url: str
    token_file: str | None
    calendar: ServerCalendar
    timeout: float
    max_retries: int


def read_messages(
    from_date: date,
    to_date: date,
    *,
    base_url: str | None = None,
    token_file: str | None = None,
    calendar: ServerCalendar = config.CALENDAR,
    window: timedelta | None = None,
    timeout: float = config.TIMEOUT,
    max_retries: int = config.MAX_RETRIES,
    allow_http: bool = False,
) -> DataFrame:
    """Return the messages of a range as a Dask dataframe; nothing is asked for until it is computed.

    A partition is a window, and holds the messages that were created in it, each once. Its columns are those of the
    Parquet export, of Arrow types. Whoever computes a partition asks the server anew: persist what is used twice, or
    export to Parquet and read that. Partitions know nothing of each other: the check of one window by the padding of
    the next is made by exports and streams alone.

    No token is in the graph. Whoever computes a partition has it from ``token_file``, or from ``KAUNEONGA_TOKEN``.

    Args:
        from_date: The first day, or an aware datetime.
        to_date: The last day, included, or an aware datetime, not included.
        base_url: Where the API stands; None for ``KAUNEONGA_BASE_URL``, of this process.
        token_file: A file that holds the token, where partitions are computed.
        calendar: What is known of the server's dates.
        window: How many days a partition holds; None lets the range decide (7 to 31 days).
        timeout: Seconds to the next bytes.
        max_retries: Tries after the first, for each partition.
        allow_http: Whether the token may travel unencrypted to another machine.

    Raises:
        TypeError: An argument is of the wrong type; a frame has both ends.
        ValueError: An argument has a value that cannot be.
        ConfigurationError: There is no base URL, or one that cannot be used; or the calendar's dates are of a field
            that moves: a message could be in two partitions.
        ImportError: Dask's dataframe is not installed (``dask[dataframe]``).
    """
    from dask import dataframe  # noqa: PLC0415 - not needed by exports, and large

    for name, day in (("from_date", from_date), ("to_date", to_date)):
        if day is None:
            raise TypeError(f"{name}: a date or an aware datetime is needed, not None: partitions are of one plan")
    if calendar.date_field != "created_at":
        raise ConfigurationError(
            f"calendar: a frame goes by created_at, which stays; {calendar.date_field} may move, and a message be in "
            "two partitions"
        )
    bounds = windows.check_range(from_date, to_date, calendar)
    assert bounds is not None
    question = _Question(
        base_url=str(config.resolve_base_url(base_url, allow_http=allow_http)),
        token_file=token_file,
        calendar=calendar,
        timeout=config.check_seconds("timeout", timeout),
        max_retries=config.check_count("max_retries", max_retries),
    )
    plan = windows.plan(bounds, calendar, windows.check_window(window), datetime.now(UTC))
    frame: DataFrame = dataframe.from_map(
        _partition, list(plan), question=question, meta=_frame_of([]), label="kauneonga-messages", enforce_metadata=True
    )
    return frame


def _partition(window: windows.Window, question: _Question) -> pd.DataFrame:
    # Partitions are computed in threads, which have no event loop.
    return _frame_of(asyncio.run(_read(window, question)))


async def _read(window: windows.Window, question: _Question) -> list[msgspec.Raw]:
    client = KauneongaClient(
        question.base_url,
        await token_of(question.token_file),
        timeout=question.timeout,
        max_retries=question.max_retries,
        calendar=question.calendar,
        trust_env=True,
        allow_http=True,  # whoever made the frame was allowed to
    )
    async with client:
        length = timedelta(days=window.days)
        return await client.messages.list(window.start, window.end, window=length, record_type=msgspec.Raw)


def _frame_of(messages: list[msgspec.Raw]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - as above

    from kauneonga_async.exporting.formats.tables import message_table  # noqa: PLC0415 - pyarrow too

    return message_table(list(map(bytes, messages))).to_pandas(types_mapper=pd.ArrowDtype)
