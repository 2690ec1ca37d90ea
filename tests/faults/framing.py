"""Rows: answers that are framed wrongly, or in a way that is rare."""

from __future__ import annotations

from tests.faults.rows import HEAD, breaks, chunked, head, malformed, works
from tests.faults.steps import closes, raw, stays_open

__all__ = ["FRAMING"]

CHUNKS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def before(good: bytes, lines: bytes) -> bytes:
    """Return an answer with lines of headers before the usual ones."""
    return HEAD + lines + head(good)[len(HEAD) :] + good


FRAMING = [
    breaks("a Content-Length that is too large", closes(lambda g: head(g, Content_Length=len(g) + 9) + g)),
    breaks("a Content-Length that is too small", closes(lambda g: head(g, Content_Length=len(g) - 9) + g)),
    breaks("a Content-Length that is no number", closes(lambda g: head(g, Content_Length="many") + g)),
    breaks("a Content-Length with a sign", closes(lambda g: head(g, Content_Length=f"+{len(g)}") + g)),
    breaks("a negative Content-Length", closes(lambda g: head(g, Content_Length=-5) + g)),
    breaks("a Content-Length of 10^30", closes(lambda g: head(g, Content_Length=10**30) + g)),
    breaks("a Content-Length of 0, and a body", closes(lambda g: head(g, Content_Length=0) + g)),
    breaks("two different Content-Lengths", closes(lambda g: before(g, b"Content-Length: 5\r\n"))),
    breaks("Content-Length beside chunks", closes(lambda g: HEAD + b"Content-Length: 7\r\n" + chunked(g)[len(HEAD) :])),
    works("neither length nor chunks, until the connection ends", closes(lambda g: HEAD + b"\r\n" + g)),
    malformed("the same, cut short", closes(lambda g: HEAD + b"\r\n" + g[:-9])),
    works("chunks", raw(lambda g: chunked(g[:7], g[7:]), then=stays_open)),
    works("chunks of a byte each", raw(lambda g: chunked(*(g[i : i + 1] for i in range(len(g)))), then=stays_open)),
    works("chunks, and headers behind them", raw(lambda g: chunked(g, ending=b"0\r\nX-End: a\r\n\r\n"), then=stays_open)),
    works("a chunk with an extension", raw(lambda g: CHUNKS + b"%x;a=b\r\n%b\r\n0\r\n\r\n" % (len(g), g), then=stays_open)),
    breaks("chunks without an end", closes(lambda g: chunked(g, ending=b""))),
    breaks("a chunk that is shorter than it says", closes(lambda g: CHUNKS + b"%x\r\n" % (len(g) + 9) + g)),
    breaks("a chunk's size that is no number", closes(lambda g: CHUNKS + b"zz\r\n" + g)),
    breaks("a chunk's size that is negative", closes(lambda g: CHUNKS + b"-5\r\n" + g)),
    breaks("a chunk's size of 40 digits", closes(lambda g: CHUNKS + b"f" * 40 + b"\r\n" + g)),
    breaks("a chunk's extension of 20 kB", closes(lambda g: CHUNKS + b"5;" + b"a" * 20_000 + b"\r\n" + g)),
    breaks("bytes between two chunks", closes(lambda g: chunked(g[:7], ending=b"junk\r\n0\r\n\r\n"))),
    breaks("a transfer coding that there is not", closes(lambda g: before(g, b"Transfer-Encoding: rot13\r\n"))),
    breaks("a status line that is none", closes(lambda g: b"NONSENSE\r\n\r\n" + g)),
    breaks("a status that is no number", closes(lambda g: b"HTTP/1.1 abc OK\r\n\r\n" + g)),
    breaks("a status of four digits", closes(lambda g: b"HTTP/1.1 2000 OK\r\n\r\n" + g)),
    breaks("no status line at all", closes(lambda g: g)),
    breaks("a TLS handshake in place of an answer", closes(lambda g: b"\x16\x03\x01\x02\x00" + bytes(60))),
    breaks("a header of 100 kB", closes(lambda g: before(g, b"X-Large: " + b"a" * 100_000 + b"\r\n"))),
    breaks("1,000 headers", closes(lambda g: before(g, b"".join(b"X-%d: a\r\n" % n for n in range(1000))))),
    breaks("headers without end", closes(lambda g: HEAD + b"X-A: b\r\n" * 200_000)),
    breaks("a header without a colon", closes(lambda g: before(g, b"nonsense\r\n"))),
    breaks("a header with a NUL", closes(lambda g: before(g, b"X-Nul: a\x00b\r\n"))),
    works("Content-Type twice", closes(lambda g: before(g, b"Content-Type: text/plain\r\n"))),
    works("no Content-Type", closes(lambda g: b"HTTP/1.1 OK\r\nContent-Length: %d\r\n\r\n" % len(g) + g)),
    works("100 Continue before the answer", closes(lambda g: b"HTTP/1.1 100 Continue\r\n\r\n" + head(g) + g)),
    works(
        "103 Early Hints before the answer",
        closes(lambda g: b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + head(g) + g),
    ),
    works("HTTP/1.0", closes(lambda g: (head(g) + g).replace(b"HTTP/1.1 OK", b"HTTP/1.0 200 OK"))),
    works(
        "a second answer behind the first",
        closes(lambda g: head(g) + g + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ),
]  # fmt: skip
