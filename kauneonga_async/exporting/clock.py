"""Clock: until when an export goes: what the server has by now, and will not add to any more."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from kauneonga_async import config
from kauneonga_async.calendars import DAY
from kauneonga_async.errors import AuthenticationError, DecodeError, RateLimited, StatusError
from kauneonga_async.streams import Listing
from kauneonga_async.transport import Answer, Reader, http_date, judge
from kauneonga_async.windows import Range, api_date

__all__ = ["end_of_run", "knock"]

T = TypeVar("T")

_CLOCKS_AGREE = timedelta(days=2)  # a range that ended longer ago is over, whatever our clock says
_BEFORE_OBJECT = b"\xef\xbb\xbf \t\r\n"


async def end_of_run(listing: Listing[Any], bounds: Range) -> datetime:
    """Return the end of a range, or where that lies in the future, a little before the server's present.

    A record that is being created now may turn up in a list after one that is created later.
    """
    now = datetime.now(UTC)
    if bounds.end is not None and bounds.end < now - _CLOCKS_AGREE:
        return bounds.end
    until = (await _ask(listing, listing.options, _date_of) or now) - timedelta(seconds=config.SETTLING_SECONDS)
    return max(bounds.start, until if bounds.end is None else min(until, bounds.end))


async def knock(listing: Listing[Any]) -> None:
    """Ask a server once for a list that should be empty, and return if that is answered, whatever the answer.

    Raises:
        KauneongaError: It is lost, asks for patience, or refuses the token.
    """
    timeout = min(listing.options.timeout, config.TIMEOUT)
    try:
        await _ask(listing, listing.options.override(timeout, 0), _check_beginning)
    except (StatusError, DecodeError) as error:
        is_passing = judge(error, repeatable=True, max_retries=1).retries > 0
        if is_passing or isinstance(error, (AuthenticationError, RateLimited)):
            raise


def _ask(listing: Listing[Any], options: config.CallOptions, read: Reader[T]) -> Awaitable[T]:
    """Ask for a list that should be empty."""
    day = api_date((datetime.now(UTC) + 2 * DAY).date())
    request = listing.transport.request(
        "GET", listing.path, query={"from_date": day, "to_date": day}, options=options, streaming=True
    )
    return listing.transport.send(request, read)


async def _date_of(answer: Answer) -> datetime | None:
    return http_date(answer.headers.get("Date", ""))


async def _check_beginning(answer: Answer) -> None:
    if not (await answer.read()).lstrip(_BEFORE_OBJECT).startswith(b"{"):
        raise DecodeError(f"{answer}: no JSON", malformed=True)  # a page of a proxy, say
