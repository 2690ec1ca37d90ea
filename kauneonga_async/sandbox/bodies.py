"""Bodies: records -> the pieces of an answer, in its envelope, in blocks, compressed. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

__all__ = ["enveloped", "gzipped", "in_blocks"]

_BLOCK = 64 * 1024


def enveloped(records: Iterable[bytes]) -> Iterator[bytes]:
    """Put records under "data"."""
    separator = b'{"data":['
    for record in records:
        yield separator + record
        separator = b","
    yield b"]}" if separator == b"," else b'{"data":[]}'


def in_blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join pieces to blocks worth sending."""
    pending: list[bytes] = []
    size = 0
    for piece in pieces:
        pending.append(piece)
        size += len(piece)
        if size >= _BLOCK:
            yield b"".join(pending)
            pending, size = [], 0
    yield b"".join(pending)


def gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Compress pieces as they come."""
    deflate = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    for block in in_blocks(pieces):
        yield deflate.compress(block)
    yield deflate.flush()
