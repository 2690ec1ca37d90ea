"""Rows: connections that break, and answers that are framed or encoded wrongly."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

from kauneonga_async.errors import ConnectionFailed, DecodeError, OutcomeUnknown, RequestTimeout
from tests.faults.steps import answers, closes, half_closes, raw, resets, says_nothing, stays_open
from tests.faults.table import Fails, Row, Works

__all__ = ["CONNECTION", "ENCODING", "FRAMING"]

BROKEN, UNKNOWN = Fails(ConnectionFailed, 3), Fails(OutcomeUnknown, 1)
LATE = Fails(RequestTimeout, 1)  # the deadline of a whole call
STALLED = Fails(RequestTimeout, 3)  # a stream has a timeout for each wait
UNREADABLE, MALFORMED = Fails(DecodeError, 1), Fails(DecodeError, 3)

HEAD = b"HTTP/1.1 OK\r\nContent-Type: application/json\r\n"


def head(good: bytes, **headers: object) -> bytes:
    lines = {"Content-Length": len(good), **headers}
    return HEAD + b"".join(f"{name.replace('_', '-')}: {value}\r\n".encode() for name, value in lines.items()) + b"\r\n"


def chunked(*chunks: bytes, ending: bytes = b"0\r\n\r\n") -> bytes:
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body + ending


def row(fault: str, step: object, get: object, create: object, stream: object, **options: object) -> Row:
    return Row(fault=fault, step=step, get=get, create=create, stream=stream, options=options)  # type: ignore[arg-type]


CONNECTION = [
    row("closed before a byte of the answer", closes(), BROKEN, UNKNOWN, BROKEN),
    row("reset before a byte of the answer", resets(), BROKEN, UNKNOWN, BROKEN),
    row("closed within the status line", closes(lambda good: b"HTTP/1.1 2"), BROKEN, UNKNOWN, BROKEN),
    row("closed within a header", closes(lambda good: HEAD[:-12]), BROKEN, UNKNOWN, BROKEN),
    row("reset within a header", resets(lambda good: HEAD[:-12]), BROKEN, UNKNOWN, BROKEN),
    row("closed right after the headers", closes(head), BROKEN, UNKNOWN, BROKEN),
    row("reset right after the headers", resets(head), BROKEN, UNKNOWN, BROKEN),
    *(
        row(
            f"reset after {share} % of the body",
            resets(lambda good, share=share: head(good) + good[: len(good) * share // 100]),  # type: ignore[misc]
            BROKEN,
            UNKNOWN,
            BROKEN,
        )
        for share in (1, 50, 99)
    ),
    row("closed a byte before the body's end", closes(lambda good: head(good) + good[:-1]), BROKEN, UNKNOWN, BROKEN),
    row("half-closed after half the body", half_closes(lambda g: head(g) + g[: len(g) // 2]), BROKEN, UNKNOWN, BROKEN),
    row("half-closed after the whole body", half_closes(lambda g: head(g) + g), Works(), Works(), Works()),
    row(
        "closed after the whole body, kept alive by its headers",
        closes(lambda g: head(g) + g),
        Works(),
        Works(),
        Works(),
    ),
    row("accepted, and nothing said", says_nothing(), LATE, UNKNOWN, STALLED),
    row("nothing said after the headers", says_nothing(head), LATE, UNKNOWN, STALLED),
    row("nothing said after half the body", says_nothing(lambda g: head(g) + g[: len(g) // 2]), LATE, UNKNOWN, STALLED),
    row("headers that come a byte a second", says_nothing(drip=HEAD), LATE, UNKNOWN, STALLED),
    row("a body that comes a byte a second", says_nothing(head, drip=b" " * 3000), LATE, UNKNOWN, None),
]

FRAMING = [
    row(
        "a Content-Length that is too large",
        closes(lambda g: head(g, Content_Length=len(g) + 9) + g),
        BROKEN,
        UNKNOWN,
        BROKEN,
    ),
    row(
        "a Content-Length that is too small",
        closes(lambda g: head(g, Content_Length=len(g) - 9) + g),
        BROKEN,
        UNKNOWN,
        BROKEN,
    ),
    row(
        "a Content-Length that is no number",
        closes(lambda g: head(g, Content_Length="many") + g),
        BROKEN,
        UNKNOWN,
        BROKEN,
    ),
    row("a negative Content-Length", closes(lambda g: head(g, Content_Length=-5) + g), BROKEN, UNKNOWN, BROKEN),
    row(
        "two different Content-Lengths",
        closes(lambda g: HEAD + b"Content-Length: 5\r\n" + head(g)[len(HEAD) :] + g),
        BROKEN,
        UNKNOWN,
        BROKEN,
    ),
    row(
        "Content-Length beside chunks",
        closes(lambda g: HEAD + b"Content-Length: 7\r\n" + chunked(g)[len(HEAD) :]),
        BROKEN,
        UNKNOWN,
        BROKEN,
    ),
    row(
        "neither length nor chunks, until the connection ends",
        closes(lambda g: HEAD + b"\r\n" + g),
        Works(),
        Works(),
        Works(),
    ),
    row("the same, cut short", closes(lambda g: HEAD + b"\r\n" + g[:-9]), MALFORMED, UNKNOWN, MALFORMED),
    row("chunks", raw(lambda g: chunked(g[:7], g[7:]), then=stays_open), Works(), Works(), Works()),
    row(
        "chunks of a byte each",
        raw(lambda g: chunked(*(g[i : i + 1] for i in range(len(g)))), then=stays_open),
        Works(),
        Works(),
        Works(),
    ),
    row("chunks without an end", closes(lambda g: chunked(g, ending=b"")), BROKEN, UNKNOWN, BROKEN),
    row(
        "a chunk that is shorter than it says",
        closes(lambda g: HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % (len(g) + 9) + g),
        BROKEN,
        UNKNOWN,
        BROKEN,
    ),
    row(
        "a chunk's size that is no number",
        closes(lambda g: HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + g),
        BROKEN,
        UNKNOWN,
        BROKEN,
    ),
    row(
        "bytes between two chunks",
        closes(lambda g: chunked(g[:7], ending=b"junk\r\n0\r\n\r\n")),
        BROKEN,
        UNKNOWN,
        BROKEN,
    ),
    row("a status line that is none", closes(lambda g: b"NONSENSE\r\n\r\n" + g), BROKEN, UNKNOWN, BROKEN),
    row("a status that is no number", closes(lambda g: b"HTTP/1.1 abc OK\r\n\r\n" + g), BROKEN, UNKNOWN, BROKEN),
    row(
        "a TLS handshake in place of an answer",
        closes(lambda g: b"\x16\x03\x01\x02\x00" + bytes(60)),
        BROKEN,
        UNKNOWN,
        BROKEN,
    ),
    row(
        "a header of 100 kB",
        closes(lambda g: HEAD + b"X-Large: " + b"a" * 100_000 + b"\r\n" + head(g)[len(HEAD) :] + g),
        BROKEN,
        UNKNOWN,
        BROKEN,
    ),
    row(
        "1,000 headers",
        closes(lambda g: HEAD + b"".join(b"X-%d: a\r\n" % n for n in range(1000)) + head(g)[len(HEAD) :] + g),
        BROKEN,
        UNKNOWN,
        BROKEN,
    ),
    row(
        "a header without a colon",
        closes(lambda g: HEAD + b"nonsense\r\n" + head(g)[len(HEAD) :] + g),
        BROKEN,
        UNKNOWN,
        BROKEN,
    ),
    row(
        "a header with a NUL",
        closes(lambda g: HEAD + b"X-Nul: a\x00b\r\n" + head(g)[len(HEAD) :] + g),
        BROKEN,
        UNKNOWN,
        BROKEN,
    ),
    row(
        "Content-Type twice",
        closes(lambda g: HEAD + b"Content-Type: text/plain\r\n" + head(g)[len(HEAD) :] + g),
        Works(),
        Works(),
        Works(),
    ),
    row(
        "no Content-Type",
        closes(lambda g: b"HTTP/1.1 OK\r\nContent-Length: %d\r\n\r\n" % len(g) + g),
        Works(),
        Works(),
        Works(),
    ),
    row(
        "100 Continue before the answer",
        closes(lambda g: b"HTTP/1.1 100 Continue\r\n\r\n" + head(g) + g),
        Works(),
        Works(),
        Works(),
    ),
    row(
        "103 Early Hints before the answer",
        closes(lambda g: b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + head(g) + g),
        Works(),
        Works(),
        Works(),
    ),
    row(
        "HTTP/1.0",
        closes(lambda g: (head(g) + g).replace(b"HTTP/1.1 OK", b"HTTP/1.0 200 OK")),
        Works(),
        Works(),
        Works(),
    ),
    row(
        "a second answer behind the first",
        closes(lambda g: head(g) + g + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Works(),
        Works(),
        Works(),
    ),
]


def zipped(good: bytes, change: object = None) -> bytes:
    packed = gzip.compress(good)
    return change(packed) if callable(change) else packed


GZIP: dict[str, Any] = {"content_encoding": "gzip"}
ENCODING = [
    row("gzip", answers(gzip.compress, **GZIP), Works(), Works(), Works()),
    row(
        "gzip in two members",
        answers(lambda g: gzip.compress(g[:9]) + gzip.compress(g[9:]), **GZIP),
        Works(),
        Works(),
        Works(),
    ),
    row(
        "gzip, cut in the middle, of the right length",
        answers(lambda g: gzip.compress(g)[:-40], **GZIP),
        BROKEN,
        UNKNOWN,
        BROKEN,
    ),
    row("gzip without its trailer", answers(lambda g: gzip.compress(g)[:-8], **GZIP), BROKEN, UNKNOWN, BROKEN),
    row(
        "gzip with a wrong checksum",
        answers(lambda g: gzip.compress(g)[:-8] + b"\0" * 8, **GZIP),
        BROKEN,
        UNKNOWN,
        BROKEN,
    ),
    row("gzip with junk behind it", answers(lambda g: gzip.compress(g) + b"junk", **GZIP), BROKEN, UNKNOWN, BROKEN),
    row(
        "gzip with a byte changed",
        answers(lambda g: zipped(g, lambda p: p[:40] + bytes([p[40] ^ 255]) + p[41:]), **GZIP),
        BROKEN,
        UNKNOWN,
        BROKEN,
    ),
    row("said to be gzip, and plain", answers(lambda g: g, **GZIP), BROKEN, UNKNOWN, BROKEN),
    row(
        "gzip within gzip, said once",
        answers(lambda g: gzip.compress(gzip.compress(g)), **GZIP),
        MALFORMED,
        UNKNOWN,
        MALFORMED,
    ),
    row("gzip that is not said to be", answers(gzip.compress), MALFORMED, UNKNOWN, MALFORMED),
    row("an empty body, said to be gzip", answers(lambda g: b"", **GZIP), MALFORMED, UNKNOWN, MALFORMED),
    row(
        "deflate, which was not asked for",
        answers(zlib.compress, content_encoding="deflate"),
        Works(),
        Works(),
        Works(),
    ),
    row("br, which was not asked for", answers(lambda g: g, content_encoding="br"), UNREADABLE, UNKNOWN, UNREADABLE),
    row(
        "zstd, which was not asked for", answers(lambda g: g, content_encoding="zstd"), UNREADABLE, UNKNOWN, UNREADABLE
    ),
    row(
        "an encoding that nobody knows", answers(lambda g: g, content_encoding="rot13"), UNREADABLE, UNKNOWN, UNREADABLE
    ),
    row("two encodings", answers(lambda g: g, content_encoding="gzip, gzip"), UNREADABLE, UNKNOWN, UNREADABLE),
    row("identity, said", answers(lambda g: g, content_encoding="identity"), Works(), Works(), Works()),
    row(
        "a bomb: 200 MB of white space in 200 kB of gzip",
        answers(lambda g: gzip.compress(b" " * 200_000_000 + g, 1), **GZIP),
        UNREADABLE,
        UNKNOWN,
        UNREADABLE,
    ),
    row("a byte-order mark", answers(lambda g: b"\xef\xbb\xbf" + g), Works(), Works(), Works()),
    row("UTF-16", answers(lambda g: g.decode().encode("utf-16")), MALFORMED, UNKNOWN, MALFORMED),
    row("invalid UTF-8 in a text", answers(lambda g: g.replace(b"CANARY", b"\xff\xfe")), UNREADABLE, None, UNREADABLE),
]
