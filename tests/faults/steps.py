"""Steps: what a faulty server does with one request."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any, Literal

from tests.faults.table import Step
from tests.wire import Exchange, response

__all__ = [
    "answers",
    "closes",
    "floods",
    "half_closes",
    "moved",
    "raw",
    "resets",
    "says_nothing",
    "status",
    "stays_open",
]

Make = Callable[[bytes], bytes]


def _code(exchange: Exchange) -> int:
    return 201 if exchange.method == "POST" else 200


def answers(change: Make, code: int | None = None, **headers: Any) -> Step:
    """Answer with a body made of the proper one."""

    async def step(exchange: Exchange, good: bytes) -> None:
        await exchange.send(response(code or _code(exchange), change(good), **headers))

    return step


def status(code: int, body: bytes = b"", **headers: Any) -> Step:
    """Answer with a status."""

    async def step(exchange: Exchange, good: bytes) -> None:
        del good
        await exchange.send(response(code, body, **headers))

    return step


def raw(make: Make, *, then: Callable[[Exchange], None] | None = None) -> Step:
    """Send bytes that are made of the proper body, head and all; then close, or do something else."""

    async def step(exchange: Exchange, good: bytes) -> None:
        await exchange.send(make(good).replace(b"HTTP/1.1 OK", b"HTTP/1.1 %d OK" % _code(exchange)))
        (then or (lambda one: one.writer.close()))(exchange)

    return step


def stays_open(exchange: Exchange) -> None:
    """Leave the connection as it is."""


def resets(after: Make = lambda good: b"") -> Step:
    """Send some bytes, if any, and reset the connection: RST, not FIN."""

    async def step(exchange: Exchange, good: bytes) -> None:
        if data := after(good):
            await exchange.send(data.replace(b"HTTP/1.1 OK", b"HTTP/1.1 %d OK" % _code(exchange)))
            await asyncio.sleep(0.01)  # so that they are read before the reset comes
        connection = exchange.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        exchange.reset()

    return step


def closes(after: Make = lambda good: b"") -> Step:
    """Send some bytes, if any, and close the connection."""
    return raw(after)


def half_closes(after: Make) -> Step:
    """Send some bytes, and close our direction only."""

    async def step(exchange: Exchange, good: bytes) -> None:
        await exchange.send(after(good).replace(b"HTTP/1.1 OK", b"HTTP/1.1 %d OK" % _code(exchange)))
        exchange.writer.write_eof()
        await asyncio.sleep(60)

    return step


def says_nothing(after: Make = lambda good: b"", *, drip: bytes | Make = b"") -> Step:
    """Send some bytes, if any, then nothing more; or a byte each second."""

    async def step(exchange: Exchange, good: bytes) -> None:
        if data := after(good):
            await exchange.send(data.replace(b"HTTP/1.1 OK", b"HTTP/1.1 %d OK" % _code(exchange)))
        for byte in drip(good) if callable(drip) else drip:
            await asyncio.sleep(1)
            await exchange.send(bytes([byte]))
        await asyncio.sleep(3600)

    return step


def floods(piece: bytes) -> Step:
    """Send the same every half second, without end."""

    async def step(exchange: Exchange, good: bytes) -> None:
        del good
        while True:
            await exchange.send(piece)
            await asyncio.sleep(0.5)

    return step


def moved(code: int, where: Literal["once", "to itself", "on and on"] = "once") -> Step:
    """Lead to another path of the same server."""

    async def step(exchange: Exchange, good: bytes) -> None:
        path, _, query = exchange.target.partition("?")
        if where == "once" and path.endswith("/there"):
            await exchange.send(response(200, good))
        else:
            place = path if where == "to itself" else f"{path}/there"
            await exchange.send(response(code, location=f"{place}?{query}" if query else place))

    return step
