"""Clock: until when an export goes: what the server has by now, and will not add to any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from kauneonga_async import config
from kauneonga_async.calendars import DAY
from kauneonga_async.streams import Listing
from kauneonga_async.transport import Answer, http_date
from kauneonga_async.windows import Range, api_date

__all__ = ["end_of_run", "server_time"]

_CLOCKS_AGREE = timedelta(days=2)  # a range that ended longer ago is over, whatever our clock says


async def end_of_run(listing: Listing[Any], bounds: Range) -> datetime:
    """Return the end of a range, or where that lies in the future, a little before the server's present.

    A record that is being created now may turn up in a list after one that is created later.
    """
    now = datetime.now(UTC)
    if bounds.end is not None and bounds.end < now - _CLOCKS_AGREE:
        return bounds.end
    until = (await server_time(listing, listing.options) or now) - timedelta(seconds=config.SETTLING_SECONDS)
    return max(bounds.start, until if bounds.end is None else min(until, bounds.end))


async def server_time(listing: Listing[Any], options: config.CallOptions) -> datetime | None:
    """Ask a server for its present, which most tell: by a list that should be empty, and of which nothing is read.

    Args:
        listing: What it lists.
        options: Timeout, retries and headers.

    Raises:
        KauneongaError: It does not list.
    """
    day = api_date((datetime.now(UTC) + 2 * DAY).date())
    request = listing.transport.request(
        "GET", listing.path, query={"from_date": day, "to_date": day}, options=options, streaming=True
    )
    return await listing.transport.send(request, _date_of)


async def _date_of(answer: Answer) -> datetime | None:
    return http_date(answer.headers.get("Date", ""))
