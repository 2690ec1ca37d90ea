"""Body: an answer's bytes in slices small enough to decode between two turns of the loop, inflated and verified.

aiohttp would inflate them itself, but lets a gzip stream end before its trailer (tried, 3.14): what was cut off
would look whole.
"""

from __future__ import annotations

import asyncio
import zlib
from typing import Protocol

import aiohttp
from aiohttp.compression_utils import ZLibBackend

from kauneonga_async import config
from kauneonga_async.errors import ConnectionFailed, DecodeError

__all__ = ["Body", "ByteSource", "Inflater", "inflater_for"]

_GZIP = 16 + zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f\x8b"
_DEFLATE_METHOD = 8
_MEMBER_OF_NOTHING = 512  # bytes: more than gzip makes of nothing, with a file's name
_STEPS_OF_NOTHING = 128  # some milliseconds at the worst


_OTHER_ENCODINGS = frozenset({"br", "compress", "zstd", "dcb", "dcz"})  # what else a server may say is its own words


class ByteSource(Protocol):
    """Where slices come from."""

    async def read(self) -> bytes:
        """Return the next slice, empty at the end."""
        ...


class Inflater:
    """Inflates gzip (of one member or more) or deflate, a slice at a time. Sans-I/O.

    Args:
        encoding: ``"gzip"`` or ``"deflate"``.

    Attributes:
        is_starved: Whether the last read returned nothing because more must be fed.

    Raises:
        ConnectionFailed: From ``feed``, ``read`` or ``finish``: the bytes are damaged, or end too early.
    """

    def __init__(self, encoding: str) -> None:
        self._is_gzip = encoding == "gzip"
        self._begun = False
        self._pending = memoryview(b"")
        self._inflate = ZLibBackend.decompressobj(wbits=_GZIP)
        self._given: int | None = None
        self.is_starved: bool = True

    def feed(self, data: bytes) -> None:
        """Take the next compressed bytes."""
        self._pending = memoryview(b"".join((self._pending, data)) if self._pending else data)
        self.is_starved = False

    def read(self) -> bytes:
        """Return the next inflated bytes, a slice at the most; none when more must be fed, or after much of nothing."""
        if not self._begun:
            if not self._pending:
                self.is_starved = True
                return b""
            self._begun = True
            if not self._is_gzip:
                # RFC 9110, 8.4.1.2 means zlib's format; some servers send bare deflate.
                is_zlib = self._pending[0] & 0x0F == _DEFLATE_METHOD
                wbits = zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS
                self._inflate = ZLibBackend.decompressobj(wbits=wbits)
        for _ in range(_STEPS_OF_NOTHING):
            if self._inflate.eof and not self._next_member():
                self.is_starved = True
                return b""
            given = self._pending[: self._given]
            inflated = self._decompress(given)
            if inflated is None:
                raise _damaged()  # without isal's error as its context, which does not survive pickle
            left = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            self._pending = self._pending[len(given) - len(left) :]
            # What follows a member of nothing is likely another, and what it does not take is copied.
            self._given = _MEMBER_OF_NOTHING if self._inflate.eof and not inflated else None
            if inflated or not self._pending:
                self.is_starved = not inflated
                return inflated
        return b""

    def finish(self) -> None:
        """Tell that no more bytes come."""
        if self._begun and (self._pending or not self._inflate.eof):
            raise ConnectionFailed("the compressed answer stops short", phase="body")

    def _decompress(self, data: memoryview) -> bytes | None:
        try:
            return self._inflate.decompress(data, config.SLICE_BYTES)
        except Exception:  # noqa: BLE001 - zlib.error, isal's own, or another backend's
            return None

    def _next_member(self) -> bool:
        if not self._pending:
            return False
        if not self._is_gzip or not _GZIP_MAGIC.startswith(bytes(self._pending[:2])):
            raise _damaged()
        if len(self._pending) < len(_GZIP_MAGIC):
            return False
        self._inflate = ZLibBackend.decompressobj(wbits=_GZIP)
        return True


class Body:
    """The body of a response that is still arriving.

    Args:
        response: Asked for with ``auto_decompress=False``.

    Attributes:
        received: Inflated bytes that were read so far.
    """

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._content = response.content
        self._inflater = inflater_for(response.headers.get("Content-Encoding", ""))
        self.received: int = 0

    async def read(self) -> bytes:
        """Return the next slice, empty at the end."""
        if self._inflater is None:
            data = await self._content.read(config.SLICE_BYTES)
        else:
            data = await self._inflated(self._inflater)
        self.received += len(data)
        return data

    @property
    def has_ended(self) -> bool:
        """Whether it is known already that nothing more comes."""
        return self._inflater is None and self._content.at_eof()

    async def _inflated(self, inflater: Inflater) -> bytes:
        while not (data := inflater.read()):
            if not inflater.is_starved:
                await asyncio.sleep(0)
                continue
            compressed = await self._content.read(config.SLICE_BYTES)
            if not compressed:
                inflater.finish()
                return b""
            inflater.feed(compressed)
        return data


def inflater_for(content_encoding: str) -> Inflater | None:
    """Return what undoes a Content-Encoding, or None if nothing was done.

    Raises:
        DecodeError: It is one that was not asked for.
    """
    encoding = content_encoding.strip().lower().removeprefix("x-")
    if encoding in ("", "identity"):
        return None
    if encoding in ("gzip", "deflate"):
        return Inflater(encoding)
    named = f"the encoding {encoding}" if encoding in _OTHER_ENCODINGS else "an encoding that nobody knows"
    raise DecodeError(f"the answer comes in {named}, and only gzip was offered")


def _damaged() -> ConnectionFailed:
    return ConnectionFailed("the compressed answer is damaged", phase="body")
