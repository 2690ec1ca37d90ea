"""Page: the table as a user reads it."""

from __future__ import annotations

from itertools import groupby

from tests.faults import host, reaching, sweeps, times, tls, using
from tests.faults.bodies import JSON
from tests.faults.cases import CASES
from tests.faults.connections import CONNECTION
from tests.faults.elsewhere import ELSEWHERE
from tests.faults.encoding import ENCODING
from tests.faults.framing import FRAMING
from tests.faults.records import RECORDS
from tests.faults.statuses import REDIRECTS, STATUS
from tests.faults.table import SURFACES, Row

__all__ = ["ALL_CASES", "AREAS", "page"]

AREAS: dict[str, list[Row]] = {
    "Connections that break": CONNECTION,
    "Framing": FRAMING,
    "Encoding": ENCODING,
    "Statuses": STATUS,
    "Redirects": REDIRECTS,
    "Bodies": JSON,
    "Records": RECORDS,
}
_FILLED = (reaching, tls, using, times, host, sweeps)  # which put their cases into the list when they are imported
ALL_CASES = CASES

_HEAD = """# Reliability: what was tried

Each row below is a test. Those of the first tables are in `tests/faults/`: each goes over a real socket, to a server
that is scripted byte by byte. This page is written by `python -m tests.faults > docs/reliability.md`, and a test
compares it with the tables.

**How to read it.** A row says what the server does, and what comes of it in `messages.get`, `to_dos.create` and
`messages.stream`. "after 3" is how many requests were sent, with two retries allowed, if the fault is there each time;
wherever it is more than one, the test also has the fault once, and the call works at the second try. Without a number
the error comes at once, because asking again cannot mend it. "works" is with every record, each once.

**What holds in every row.** No get and no creation takes longer than its timeout, and no wait of a stream does. No
connection, no place in flight and no task is left. Neither the token nor a message's text is in the error, its pickle,
its notes, its traceback with locals, the events, or the log with asyncio's debug mode on. `kauneonga messages get` (or
`list`) meets the same answers: it exits with 1 and one line that names the error, or prints the records as they came, a
single one whatever its fields hold.

**What is retried.** A request that was surely not sent; a GET that broke off, or was answered with 408, 425, 429, 500,
502 to 504 or 520 to 524; a body that is cut short, damaged, or no JSON. Waits grow, at random, from 0.1 to 20 seconds
(from 1 after 429 and 503, and never less than `Retry-After`), within one deadline and one budget for each account.

**What is never retried.** What asking again cannot mend: a token that is refused, bad input, a certificate, a record
that does not fit its type. And a creation that may have been carried out: `OutcomeUnknown` says so, and `to_dos.find`
looks whether it was.
"""


def page() -> str:
    """Return the page."""
    parts = [_HEAD]
    for title, rows in AREAS.items():
        parts.append(f"## {title}\n\n| the server's answer | get | create | stream |\n|---|---|---|---|\n")
        for row in rows:
            cells = [str(row.outcome(surface) or "") for surface in SURFACES]
            parts[-1] += f"| {_cell(row.fault)} | {' | '.join(cells)} |\n"
    for area, cases in groupby(sorted(ALL_CASES, key=lambda one: one.area), key=lambda one: one.area):
        parts.append(f"## {area.capitalize()}\n\n| what is wrong | what comes of it |\n|---|---|\n")
        for one in cases:
            parts[-1] += f"| {_cell(one.fault)} | {one.outcome} |\n"
    for area, told in ELSEWHERE.items():
        parts.append(f"## {area}\n\n| what is wrong | what comes of it | shown by |\n|---|---|---|\n")
        for one_told in told:
            file, _, test = one_told.test.partition("::")
            parts[-1] += f"| {one_told.fault} | {one_told.outcome} | `{file}`: {test.replace('_', ' ')} |\n"
    return "\n".join(parts)


def _cell(text: str) -> str:
    shown = text if len(text) <= 90 else f"{text[:80]}... ({len(text)} characters)"
    return shown.replace("|", "\\|").replace("<", "&lt;")
