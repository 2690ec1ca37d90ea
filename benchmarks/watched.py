"""A server for pollers: a list of its own for each token, with an ETag; messages change by the clock.

Run as ``python -m benchmarks.watched '{"messages": 20, "period": 500}'``; it prints its port, and ends with its stdin.
"""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import formatdate

import msgspec

from kauneonga_async.sandbox import World


class Settings(msgspec.Struct):
    """How many messages each account has, and every how many seconds each of them changes; None for never."""

    messages: int
    period: float | None = None


class Account:
    """One token's messages; they change one after the other, at times that follow from the token."""

    def __init__(self, token: str, settings: Settings, pieces: list[tuple[bytes, bytes]]) -> None:
        self._settings = settings
        self._pieces = pieces
        self._phase = hash(token) % 1000 / 1000

    def state(self, now: float) -> list[float]:
        """Return when each message changed last, as seconds since the epoch; 0 for never."""
        count, period = self._settings.messages, self._settings.period
        if period is None:
            return [0.0] * count
        shifts = [(self._phase + number / count) * period for number in range(count)]
        return [(now + shift) // period * period - shift for shift in shifts]

    def body(self, state: list[float]) -> bytes:
        """Return the list."""
        records = [
            head + datetime.fromtimestamp(changed, UTC).isoformat().encode() + tail
            for (head, tail), changed in zip(self._pieces, state, strict=True)
        ]
        return b'{"data":[' + b",".join(records) + b"]}"


class Protocol(asyncio.Protocol):
    """One connection."""

    def __init__(self, settings: Settings, pieces: list[tuple[bytes, bytes]], accounts: dict[str, Account]) -> None:
        self._settings, self._pieces, self._accounts = settings, pieces, accounts
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Answer a request, which has no body."""
        self._received += data
        if not self._received.endswith(b"\r\n\r\n"):
            return
        lines = self._received.decode().lower().split("\r\n")
        self._received = b""
        headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        token = headers["authorization"]
        account = self._accounts.get(token) or self._accounts.setdefault(
            token, Account(token, self._settings, self._pieces)
        )
        state = account.state(time.time())
        etag = f'w/"{hash(tuple(state)) & 0xFFFFFFFFFFFFFFFF:016x}"'
        common = f"ETag: {etag.upper()}\r\nDate: {formatdate(usegmt=True)}\r\n"
        if headers.get("if-none-match") == etag:
            self._transport.write(f"HTTP/1.1 304 Not Modified\r\n{common}\r\n".encode())
            return
        body = account.body(state)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{common}\r\n"
        self._transport.write(head.encode() + body)


def pieces_of(messages: int) -> list[tuple[bytes, bytes]]:
    """Return messages of yesterday, each in two pieces, between which belongs the time of its last change."""
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    world = World(messages=messages, start=yesterday, end=yesterday)
    pieces = []
    for record in world.between(None, None):
        changed = msgspec.json.decode(record)["updated_at"].encode()
        head, tail = record.split(b'"updated_at":"' + changed, 1)
        pieces.append((head + b'"updated_at":"', tail))
    return pieces


async def serve(settings: Settings) -> None:
    """Serve until stdin ends."""
    loop = asyncio.get_running_loop()
    pieces, accounts = pieces_of(settings.messages), dict[str, Account]()
    listener = await loop.create_server(lambda: Protocol(settings, pieces, accounts), "127.0.0.1", 0, backlog=2048)
    async with listener:
        print(listener.sockets[0].getsockname()[1], flush=True)
        await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(msgspec.json.decode(sys.argv[1], type=Settings)))
