"""A server that costs next to nothing, so that what is measured is the client: bodies rendered once, plain sockets.

Run as ``python -m benchmarks.server '{"messages": 20000, ...}'``; it prints its port, and ends with its stdin.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from urllib.parse import SplitResult, parse_qs, urlsplit

import msgspec

from kauneonga_async.sandbox import World

PIECE = 64 * 1024  # bytes, of what is sent at a pace


class Settings(msgspec.Struct):
    """What the server holds: messages spread evenly over a range, recordings; how it sends them.

    Attributes:
        latency: Seconds before each answer.
        pace: Bytes of audio a second on one connection; 0 for as many as it takes.
    """

    messages: int
    start: date
    end: date
    latency: float = 0.0
    pace: float = 0.0
    recordings: int = 0
    audio_bytes: int = 0


class Bodies:
    """Messages in one buffer, cut out by day."""

    def __init__(self, settings: Settings) -> None:
        world = World(messages=settings.messages, start=settings.start, end=settings.end)
        # The sandbox's texts are as hard as they can be; an American answering service's are plain, nine in ten.
        pieces = [
            piece if number % 10 == 0 else piece.decode("ascii", "replace").replace("\ufffd", "?").encode()
            for number, piece in enumerate(world.between(None, None))
        ]
        self._times = [world.created_at(number) for number in range(settings.messages)]
        self._places = [0]
        for piece in pieces:
            self._places.append(self._places[-1] + len(piece) + 1)
        self._buffer = memoryview(b",".join(pieces))
        self.one = b'{"data":' + (world.message(world.first_id, whole=True) or b"") + b"}"

        self.audio = b"ID3\x03" + bytes(settings.audio_bytes - 4) if settings.recordings else b""
        self._ids = range(1, settings.recordings + 1)

    def recordings(self, host: str) -> bytes:
        """Return the list of recordings."""
        records = [{"id": number, "recording": f"http://{host}/audio/{number}.mp3"} for number in self._ids]
        return msgspec.json.encode({"data": records})

    def listing(self, query: dict[str, list[str]]) -> tuple[bytes, memoryview | bytes, bytes]:
        """Return what is listed for ``from_date`` and ``to_date``, the latter included."""
        begin = self._first_at(_midnight(query["from_date"][0]))
        end = self._first_at(_midnight(query["to_date"][0]) + timedelta(days=1))
        records = self._buffer[self._places[begin] : max(self._places[begin], self._places[end] - 1)]
        return b'{"data":[', records, b"]}"

    def _first_at(self, moment: datetime) -> int:
        return bisect_left(self._times, moment)


async def answer(connection: socket.socket, bodies: Bodies, settings: Settings) -> None:
    """Answer requests on one keep-alive connection; they have no bodies, and come one at a time."""
    loop = asyncio.get_running_loop()
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        received = b""
        while data := await loop.sock_recv(connection, 65536):
            received += data
            if not received.endswith(b"\r\n\r\n"):
                continue
            url = urlsplit(received.split(b" ", 2)[1].decode())
            received = b""
            if settings.latency:
                await asyncio.sleep(settings.latency)
            head, records, tail = answer_to(url, bodies, connection.getsockname()[1])
            length = len(head) + len(records) + len(tail)
            kind = 'audio/mpeg\r\nETag: "v1"' if url.path.startswith("/audio/") else "application/json"
            header = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
            await loop.sock_sendall(connection, header.encode() + head)
            if settings.pace and url.path.startswith("/audio/"):
                await send_paced(connection, memoryview(records), settings.pace)
            elif records:
                # From where they lie: no copy, and as little work as can be, for the client's core may be half of ours.
                await loop.sock_sendall(connection, records)
            if tail:
                await loop.sock_sendall(connection, tail)


async def send_paced(connection: socket.socket, body: memoryview, pace: float) -> None:
    """Send a body as a network of so many bytes a second would let it through."""
    loop = asyncio.get_running_loop()
    began, sent = loop.time(), 0
    while sent < len(body):
        piece = body[sent : sent + PIECE]
        await loop.sock_sendall(connection, piece)
        sent += len(piece)
        await asyncio.sleep(began + sent / pace - loop.time())


def answer_to(url: SplitResult, bodies: Bodies, port: int) -> tuple[bytes, memoryview | bytes, bytes]:
    """Return a body, in three pieces."""
    if url.query:
        return bodies.listing(parse_qs(url.query))
    if url.path.startswith("/audio/"):
        return b"", bodies.audio, b""
    if url.path.endswith("/call-recordings"):
        return bodies.recordings(f"127.0.0.1:{port}"), b"", b""
    return bodies.one, b"", b""


def _midnight(text: str) -> datetime:
    return datetime.strptime(text, "%m-%d-%Y").replace(tzinfo=UTC)


async def serve(settings: Settings) -> None:
    """Serve until stdin ends."""
    bodies, loop = Bodies(settings), asyncio.get_running_loop()
    ended = loop.run_in_executor(None, sys.stdin.read)
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        listener.setblocking(False)
        print(listener.getsockname()[1], flush=True)
        accepting = asyncio.ensure_future(accept(listener, bodies, settings))
        await ended
        accepting.cancel()


async def accept(listener: socket.socket, bodies: Bodies, settings: Settings) -> None:
    """Take connections."""
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as connections:
        while True:
            connection, _ = await loop.sock_accept(listener)
            connections.create_task(until_gone(connection, bodies, settings))


async def until_gone(connection: socket.socket, bodies: Bodies, settings: Settings) -> None:
    """Answer on one connection for as long as it lasts."""
    with contextlib.suppress(ConnectionError):
        await answer(connection, bodies, settings)


if __name__ == "__main__":
    asyncio.run(serve(msgspec.json.decode(sys.argv[1], type=Settings)))
