"""A server that counts what it really created, and fails at any byte of an exchange."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

import msgspec

from tests.wire import response

Answer = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Failing:
    """What happens to one request.

    Attributes:
        name: Which of them this is.
        reads: How much of the request the server reads.
        creates: Whether it then creates what it is asked to.
        answer: What it sends of, or instead of, the right answer.
        ends: What becomes of the connection.
        tells: Whether the answer says for sure that nothing was created.
    """

    name: str
    reads: Literal["nothing", "head", "half", "all"] = "all"
    creates: bool = False
    answer: Answer = lambda right: b""
    ends: Literal["close", "reset", "stall"] = "close"
    tells: bool = False


GOOD = Failing("none", creates=True, answer=lambda right: right)

_REFUSALS = {
    "400": response(400, b'{"success":false,"info":"no"}'),
    "401": response(401),
    "403": response(403),
    "404": response(404),
    "invalid token": response(404, b'{"success":false,"info":"Invalid token","data":{}}'),
    "409": response(409),
    "413": response(413),
    "422": response(422, b'{"success":false,"info":"message_text can\'t be blank"}'),
    "429": response(429, retry_after="1"),
    "429, an hour": response(429, retry_after="3600"),
    "success false": response(200, b'{"success":false,"info":"no","data":{}}'),
    "moved": response(301, location="/elsewhere"),
    "moved for now": response(307, location="/elsewhere"),
}
_DOUBTS = {
    **{str(status): response(status) for status in (101, 204, 206, 500, 501, 502, 503, 504, 520)},
    "503, wait": response(503, retry_after="1"),
    "found": response(302, location="/v2/to_dos/1"),
    "see other": response(303, location="/v2/to_dos/1"),
    "html": response(200, b"<html>Maintenance</html>"),
    "empty": response(201),
    "malformed": response(201, b'{"data":{"to_do":{"id":1'),
    "no data": response(201, b'{"id":1}'),
    "a list": response(201, b'{"data":[]}'),
    "no id": response(201, b'{"data":{"to_do":{}}}'),
    "wrong id": response(201, b'{"data":{"to_do":{"id":"x"}}}'),
    "not gzip": response(201, b'{"data":{"to_do":{"id":1}}}', content_encoding="gzip"),
    "unknown encoding": response(201, b"abc", content_encoding="br"),
    "bad chunk": b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    "bad length": b"HTTP/1.1 201 Created\r\ncontent-length: -5\r\n\r\n{}",
    "not http": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "bad status": b"HTTP/1.1 twohundred OK\r\n\r\n",
    "large header": b"HTTP/1.1 201 Created\r\nx: " + b"x" * 100_000 + b"\r\n\r\n",
}


def _failings() -> Iterator[Failing]:
    for ends in ("close", "reset", "stall"):
        for reads in ("nothing", "head", "half"):
            yield Failing(f"{ends} with {reads} read", reads=reads, ends=ends)
        for creates in (False, True):
            yield Failing(f"{ends} before an answer, {creates}", creates=creates, ends=ends)
            for place in (1, 12, 30, -200, -30, -1):
                cut = lambda right, place=place: right[:place]  # noqa: E731
                yield Failing(f"{ends} at {place}, {creates}", creates=creates, answer=cut, ends=ends)
    for name, answer in _REFUSALS.items():
        yield Failing(name, answer=lambda right, answer=answer: answer, tells=True)  # type: ignore[misc]
    for name, answer in _DOUBTS.items():
        for creates in (False, True):
            yield Failing(f"{name}, {creates}", creates=creates, answer=lambda right, answer=answer: answer)  # type: ignore[misc]


FAILINGS = list(_failings())


class CreatingServer:
    """Creates a to-do for each request that it reads to its end, unless a failing says otherwise.

    Args:
        next_failing: Is asked what happens to each connection.

    Attributes:
        created: The ids of what was created, by the text that was asked for.
        connections: How many there were.
    """

    def __init__(self, next_failing: Callable[[], Failing]) -> None:
        self.created: defaultdict[str, list[int]] = defaultdict(list)
        self.connections = 0
        self._next_failing = next_failing
        self._ids = itertools.count(1)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/api"

    async def __aenter__(self) -> CreatingServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._exchange(self._next_failing(), reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _exchange(self, failing: Failing, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if failing.reads != "nothing":
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            portion = {"head": 0, "half": length // 2, "all": length}[failing.reads]
            body = await reader.readexactly(portion)
            if failing.reads == "all":
                writer.write(failing.answer(self._process(json.loads(body), failing)))
                await writer.drain()
        if failing.ends == "stall":
            await asyncio.sleep(3600)
        elif failing.ends == "reset":
            writer.transport.abort()

    def _process(self, asked: dict[str, object], failing: Failing) -> bytes:
        number = next(self._ids)
        if failing.creates:
            self.created[str(asked["message_text"])].append(number)
        to_do = {"id": number, "message_text": asked["message_text"], "contact": asked["contact"]}
        schedule = {"id": number, "times": ["9:00 AM"]}
        return response(201, msgspec.json.encode({"data": {"to_do": to_do, "schedule": schedule}}))
