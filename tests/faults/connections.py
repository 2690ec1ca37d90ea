"""Rows: connections that break, and servers that are slow or say nothing."""

from __future__ import annotations

from kauneonga_async.errors import RequestTimeout
from tests.faults.rows import HEAD, UNKNOWN, breaks, head, row, works
from tests.faults.steps import closes, floods, half_closes, resets, says_nothing
from tests.faults.table import Fails, Works

__all__ = ["CONNECTION"]

LATE = Fails(RequestTimeout, 1)  # the deadline of a whole call
STALLED = Fails(RequestTimeout, 3)  # a stream has a timeout for each wait

CONNECTION = [
    breaks("closed before a byte of the answer", closes()),
    breaks("reset before a byte of the answer", resets()),
    breaks("closed within the status line", closes(lambda g: b"HTTP/1.1 2")),
    breaks("closed within a header", closes(lambda g: HEAD[:-12])),
    breaks("reset within a header", resets(lambda g: HEAD[:-12])),
    breaks("closed right after the headers", closes(head)),
    breaks("reset right after the headers", resets(head)),
    *(
        breaks(f"reset after {share} % of the body", resets(lambda g, n=share: head(g) + g[: len(g) * n // 100]))  # type: ignore[misc]
        for share in (1, 50, 99)
    ),
    breaks("closed a byte before the body's end", closes(lambda g: head(g) + g[:-1])),
    breaks("half-closed after half the body", half_closes(lambda g: head(g) + g[: len(g) // 2])),
    works("half-closed after the whole body", half_closes(lambda g: head(g) + g)),
    works("closed after the whole body, kept alive by its headers", closes(lambda g: head(g) + g)),
    row("accepted, and nothing said", says_nothing(), LATE, UNKNOWN, STALLED),
    row("nothing said after the headers", says_nothing(head), LATE, UNKNOWN, STALLED),
    row("nothing said after half the body", says_nothing(lambda g: head(g) + g[: len(g) // 2]), LATE, UNKNOWN, STALLED),
    row("headers that come a byte a second", says_nothing(drip=HEAD), LATE, UNKNOWN, STALLED),
    row("100 Continue every half a second, and no answer", floods(b"HTTP/1.1 100 Continue\r\n\r\n"), LATE, UNKNOWN, STALLED),
    row("a body of which a byte comes each second", says_nothing(head, drip=b" " * 3000), LATE, UNKNOWN, None),
    row(
        "a body whose last eight bytes come one a second: no wait of a stream's is too long",
        says_nothing(lambda g: head(g) + g[:-8], drip=lambda g: g[-8:]),
        LATE, UNKNOWN, Works(),
    ),
]  # fmt: skip
