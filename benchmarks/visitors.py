"""Visitors of a web application, many at once: some read what they get, some leave half-way."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import aiohttp

__all__ = ["ask", "leaked", "read_or_leave", "visit"]

_HALF_WAY = 65536  # bytes


async def visit(url: str, times: int, at_once: int) -> list[float]:
    """Ask for a page, so many visitors at once and each so many times; return the seconds that each answer took."""
    seconds: list[float] = []
    connected = asyncio.Barrier(at_once)

    async def visitor(session: aiohttp.ClientSession) -> None:
        async with session.get(url) as answer:
            await answer.read()
        await connected.wait()
        for _ in range(times):
            began = time.perf_counter()
            async with session.get(url) as answer:
                answer.raise_for_status()
                await answer.read()
            seconds.append(time.perf_counter() - began)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(visitor(session) for _ in range(at_once)))
    return seconds


async def read_or_leave(url: str, at_once: int) -> dict[str, int]:
    """Ask for a long page all at once, every second visitor leaving half-way; return lines read, and who left."""
    lines, left = 0, 0

    async def visitor(session: aiohttp.ClientSession, *, leaves: bool) -> None:
        nonlocal lines, left
        async with session.get(url) as answer:
            answer.raise_for_status()
            if leaves:
                await answer.content.readexactly(_HALF_WAY)
                left += 1
                answer.close()
                return
            async for piece in answer.content.iter_any():
                lines += piece.count(b"\n")

    connector = aiohttp.TCPConnector(limit=0, socket_factory=_small_socket)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None)) as session:
        await asyncio.gather(*(visitor(session, leaves=number % 2 == 0) for number in range(at_once)))
    return {"lines": lines, "left": left}


async def ask(url: str) -> Any:
    """Return what a page says, as JSON."""
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.json(content_type=None)


async def leaked(url: str, patience: float = 5.0) -> tuple[int, float]:
    """Return what an application still holds when it should hold nothing, and the seconds until it held nothing.

    Args:
        url: The page that tells.
        patience: Seconds to wait for it.
    """
    began = time.perf_counter()
    while True:
        held: dict[str, int] = await ask(url)
        waited = time.perf_counter() - began
        if not any(held.values()) or waited > patience:
            return sum(held.values()), waited
        await asyncio.sleep(0.005)


def _small_socket(info: Any) -> socket.socket:
    # A large buffer would take the whole page in before anybody could leave half-way.
    made = socket.socket(info[0], info[1], info[2])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
    return made
