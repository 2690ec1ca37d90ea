"""Rows: bodies that are compressed, wrongly or more than once, or written in other letters."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from functools import cache

from tests.faults.rows import UNREADABLE, breaks, malformed, row, unreadable, works
from tests.faults.steps import answers
from tests.faults.table import Row, Step
from tests.wire import TOKEN

__all__ = ["ENCODING"]


def zipped(change: Callable[[bytes], bytes]) -> Step:
    """Answer with a body that is said to be gzip."""
    return answers(change, content_encoding="gzip")


def deflated(change: Callable[[bytes], bytes]) -> Step:
    return answers(change, content_encoding="deflate")


def flipped(packed: bytes) -> bytes:
    return packed[:40] + bytes([packed[40] ^ 255]) + packed[41:]


def bare(good: bytes) -> bytes:
    """Return what many servers call deflate: without zlib's head and checksum."""
    return zlib.compress(good, wbits=-zlib.MAX_WBITS)


@cache
def endless(opening: bytes, filling: bytes, megabytes: int) -> bytes:
    """Return gzip of an opening and so much filling: blocks that are alike are packed once, and there is no end."""
    packer = zlib.compressobj(1, wbits=31)
    begin = packer.compress(opening) + packer.flush(zlib.Z_FULL_FLUSH)
    return begin + (packer.compress(filling * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)) * megabytes


def said(coding: str, *, reads: bool = False) -> Row:
    shown = "the token" if coding == TOKEN else repr(coding)
    return (works if reads else unreadable)(f"the encoding {shown}", answers(lambda g: g, content_encoding=coding))


ENCODING = [
    works("gzip", zipped(gzip.compress)),
    works("gzip, called x-gzip", answers(gzip.compress, content_encoding="x-gzip")),
    works("gzip, in capital letters", answers(gzip.compress, content_encoding="GZIP")),
    works("gzip in two members", zipped(lambda g: gzip.compress(g[:9]) + gzip.compress(g[9:]))),
    works("gzip behind 20,000 members of nothing", zipped(lambda g: gzip.compress(b"") * 20_000 + gzip.compress(g))),
    breaks("gzip, cut in the middle, of the right length", zipped(lambda g: gzip.compress(g)[:-40])),
    breaks("gzip without its trailer", zipped(lambda g: gzip.compress(g)[:-8])),
    breaks("gzip with a wrong checksum", zipped(lambda g: gzip.compress(g)[:-8] + b"\0" * 8)),
    breaks("gzip with junk behind it", zipped(lambda g: gzip.compress(g) + b"junk")),
    breaks("gzip with a byte changed", zipped(lambda g: flipped(gzip.compress(g)))),
    breaks("said to be gzip, and plain", zipped(lambda g: g)),
    malformed("gzip within gzip, said once", zipped(lambda g: gzip.compress(gzip.compress(g)))),
    malformed("gzip that is not said to be", answers(gzip.compress)),
    malformed("an empty body, said to be gzip", zipped(lambda g: b"")),
    works("deflate, which was not asked for", deflated(zlib.compress)),
    works("deflate without zlib's head", deflated(bare)),
    breaks("deflate, cut in the middle, of the right length", deflated(lambda g: zlib.compress(g)[:-40])),
    breaks("deflate without its checksum", deflated(lambda g: zlib.compress(g)[:-4])),
    breaks("deflate with a byte changed", deflated(lambda g: flipped(zlib.compress(g)))),
    *(said(coding) for coding in ("br", "zstd", "compress", "rot13", "gzip, gzip", TOKEN)),
    said("identity", reads=True),
    unreadable("a bomb: 200 MB of white space in 200 kB of gzip", zipped(lambda g: endless(b"", b" ", 200) + g)),
    works("a byte-order mark", answers(lambda g: b"\xef\xbb\xbf" + g)),
    malformed("UTF-16", answers(lambda g: g.decode().encode("utf-16"))),
    malformed("UTF-32", answers(lambda g: g.decode().encode("utf-32"))),
    row("invalid UTF-8 in a text", answers(lambda g: g.replace(b"CANARY", b"\xff\xfe")), UNREADABLE, None, UNREADABLE),
]  # fmt: skip
