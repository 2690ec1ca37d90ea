"""Habits: how the server speaks HTTP: its clock, compression, ETags, latency, and whether it keeps connections."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from statistics import median
from typing import Final

from kauneonga_async.calendars import DAY
from kauneonga_async.doctor.asking import MESSAGES, Asker, Reply
from kauneonga_async.doctor.diagnosis import Finding
from kauneonga_async.doctor.endpoints import failed
from kauneonga_async.errors import KauneongaError
from kauneonga_async.transport import NOT_MODIFIED, read_etag
from kauneonga_async.windows import api_date

__all__ = ["check_clock", "check_compression", "check_connections", "check_etags", "check_latency"]

_SKEW: Final = 30.0  # seconds, beyond which schedules and logs are confusing
_SLOW: Final = 2.0  # seconds
_SAMPLES: Final = 5
_WORTH_COMPRESSING: Final = 1024  # bytes; servers leave what is smaller as it is


def check_clock(reply: Reply) -> Finding:
    """Compare the server's clock with ours. Pure."""
    if reply.date is None:
        return Finding(
            check="clock",
            status="warning",
            says="answers have no Date, so an export ends by this machine's clock",
            advice="keep this machine's clock right",
        )
    # Date has whole seconds, cut off.
    skew = (reply.date + timedelta(seconds=0.5) - reply.middle).total_seconds()
    facts = {"skew_seconds": round(skew, 1)}
    if abs(skew) <= _SKEW:
        return Finding(check="clock", status="ok", says=f"the server's differs by {abs(skew):.0f} s", facts=facts)
    return Finding(
        check="clock",
        status="warning",
        says=f"the server's is {abs(skew):,.0f} s {'ahead of' if skew > 0 else 'behind'} this machine's",
        advice="see which of them is wrong: exports go by the server's",
        facts=facts,
    )


def check_compression(replies: Iterable[Reply]) -> Finding:
    """See whether answers came compressed. Pure."""
    seen = list(replies)
    for reply in seen:
        if encoding := reply.headers.get("Content-Encoding"):
            return Finding(check="compression", status="ok", says=f"answers come as {encoding}", facts={"gzip": True})
    if not any(len(reply.body) >= _WORTH_COMPRESSING for reply in seen):
        return Finding(check="compression", status="skipped", says="no answer was large enough to tell")
    return Finding(
        check="compression",
        status="warning",
        says="gzip is asked for, and answers come uncompressed",
        advice="lists would take a fifth of the bytes: ask who runs the server to turn it on",
        facts={"gzip": False},
    )


async def check_etags(asker: Asker, path: str | None, reply: Reply | None) -> Finding:
    """Ask again for what is there already."""
    etag = read_etag(reply.headers) if reply is not None else None
    if path is None or reply is None:
        return Finding(check="ETags", status="skipped", says="there is no message to ask for twice")
    if not etag:
        return Finding(
            check="ETags", status="warning", says="there are none: a watch reads all anew", facts={"etag": False}
        )
    try:
        again = await asker.get(path, etag=etag)
    except KauneongaError as error:
        return failed("ETags", error)
    if again.status == NOT_MODIFIED:
        return Finding(
            check="ETags", status="ok", says="sent, and honoured with 304", facts={"etag": True, "not_modified": True}
        )
    return Finding(
        check="ETags",
        status="warning",
        says="sent, and not honoured: what has not changed is sent again",
        facts={"etag": True, "not_modified": False},
    )


async def check_latency(asker: Asker, today: date) -> Finding:
    """Time a few small calls, one after the other."""
    day = api_date(today + 2 * DAY)
    asker.watch_connections()
    try:
        replies = [await asker.get(MESSAGES, {"from_date": day, "to_date": day}) for _ in range(_SAMPLES)]
    except KauneongaError as error:
        return failed("latency", error)
    finally:
        asker.stop_watching()
    seconds = median(reply.seconds for reply in replies)
    facts = {"median_seconds": round(seconds, 4), "samples": _SAMPLES}
    says = f"{seconds * 1000:,.0f} ms, the median of {_SAMPLES} calls for an empty list"
    if seconds > _SLOW:
        return Finding(
            check="latency",
            status="warning",
            says=says,
            advice="give calls time with --timeout (timeout=); see whether a nearer network helps",
            facts=facts,
        )
    return Finding(check="latency", status="ok", says=says, facts=facts)


def check_connections(asker: Asker) -> Finding:
    """See whether those calls shared a connection."""
    facts = {"connections": asker.connections, "reused": asker.reused}
    if not asker.connections + asker.reused:
        return Finding(check="keep-alive", status="skipped", says="no call shows it")
    if asker.connections <= 1:
        return Finding(check="keep-alive", status="ok", says="calls share a connection", facts=facts)
    return Finding(
        check="keep-alive",
        status="warning",
        says=f"{asker.connections} of {asker.connections + asker.reused} calls needed a new connection",
        advice="each costs a handshake or two: ask who runs the server, or the proxy, to keep connections open",
        facts=facts,
    )
