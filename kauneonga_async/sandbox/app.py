"""The sandbox's web application: the six endpoints of API.md and their quirks, the audio files, and faults."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time as clock
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from kauneonga_async.calendars import shift_day
from kauneonga_async.sandbox.audio import mp3
from kauneonga_async.sandbox.bodies import enveloped, gzipped, in_blocks
from kauneonga_async.sandbox.faults import Fault
from kauneonga_async.sandbox.settings import RecordedRequest, Settings
from kauneonga_async.sandbox.world import World

__all__ = ["make_app"]

_INVALID_TOKEN = b'{"success":false,"info":"Invalid token","data":{}}'
_FAULT = web.RequestKey("fault", Fault)


class Handlers:
    """Answers requests out of a world."""

    def __init__(self, world: World, settings: Settings, requests: list[RecordedRequest]) -> None:
        self._world = world
        self._settings = settings
        self._requests = requests
        self._accepted = (0, 0)  # the second, and how many in it

    async def list_messages(self, request: web.Request) -> web.StreamResponse:
        """``GET /v2/messages``."""
        try:
            first, last = (_parse_date(request.query.get(name)) for name in ("from_date", "to_date"))
        except ValueError:
            return _json(422, {"success": False, "info": "dates must be MM-DD-YYYY", "data": {}})
        largest = self._settings.largest_range
        if largest is not None and first and last and (last - first).days + 1 > largest:
            return web.Response(status=504, text="<html><body>504 Gateway Time-out</body></html>")
        return await self._send_list(request, self._messages(first, last))

    async def get_message(self, request: web.Request) -> web.StreamResponse:
        """``GET /v2/messages/<id>``."""
        found = self._world.message(int(request.match_info["id"]), whole=True)
        if found is None:
            return _json(404, {"success": False, "info": "Message not found", "data": {}})
        return await self._send(request, [b'{"data":', found, b"}"])

    async def list_to_dos(self, request: web.Request) -> web.StreamResponse:
        """``GET /v2/to_dos``."""
        return await self._send_list(request, (msgspec.json.encode(pair) for pair in self._world.to_dos()))

    async def create_to_do(self, request: web.Request) -> web.StreamResponse:
        """``POST /v2/to_dos``."""
        try:
            asked = msgspec.json.decode(await request.read(), type=dict[str, Any])
        except msgspec.DecodeError:
            return _json(400, {"success": False, "info": "the body must be a JSON object", "data": {}})
        if not asked.get("message_text"):
            return _json(422, {"success": False, "info": "message_text can't be blank", "data": {}})
        try:
            pair = self._world.create_to_do(asked, self._now())
        except ValueError as error:
            return _json(422, {"success": False, "info": str(error), "data": {}})
        return _json(201, {"data": pair})

    async def list_recordings(self, request: web.Request) -> web.StreamResponse:
        """``GET /v2/call-recordings``."""
        base = str(request.url.with_path("/audio").with_query(None))
        records = (self._world.recording(record_id, base) for record_id in self._world.recording_ids())
        return await self._send_list(request, (msgspec.json.encode(record) for record in records))

    async def audio(self, request: web.Request) -> web.StreamResponse:
        """``GET /audio/<id>.mp3``, with ranges and a strong ETag, and without a token: it may be on any host."""
        record_id = int(request.match_info["id"])
        if record_id not in self._world.recording_ids():
            return web.Response(status=404)
        content = mp3(f"Recording {record_id}", self._world.seconds_of_audio(record_id))
        etag = f'"{blake2b(content, digest_size=8).hexdigest()}"'
        headers = {"ETag": etag, "Accept-Ranges": "bytes", "Content-Type": "audio/mpeg"}
        begin, end, status = 0, len(content), 200
        wanted = _range_of(request) if request.headers.get("If-Range", etag) == etag else None
        if wanted is not None:
            begin, end, _ = wanted.indices(len(content))
            if begin >= end:
                return web.Response(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
            status = 206
            headers["Content-Range"] = f"bytes {begin}-{end - 1}/{len(content)}"
        headers["Content-Length"] = str(end - begin)
        return await self._stream(request, status, headers, [content[begin:end]])

    @web.middleware
    async def gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Let a request in, or not: faults, token, rate limit and latency."""
        settings = self._settings
        self._requests.append(
            RecordedRequest(
                method=request.method,
                path=request.path,
                query=dict(request.query),
                headers={name.lower(): value for name, value in request.headers.items()},
            )
        )
        fault = settings.faults(request.method, request.path) if settings.faults else None
        request[_FAULT] = fault or Fault()
        if settings.latency:
            await asyncio.sleep(settings.latency)
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        is_audio = request.path.startswith("/audio/")
        if not is_audio and (refusal := self._refuse(request)) is not None:
            return refusal
        if fault is None or not (fault.reset or fault.status):
            response: web.StreamResponse = await handler(request)
            return response
        if fault.processed:
            await handler(request)
        if fault.reset:
            _cut(request)
            return web.Response()
        headers = {"Content-Type": "application/json", **fault.headers}
        return web.Response(status=fault.status or 500, body=fault.body, headers=headers)

    def _refuse(self, request: web.Request) -> web.Response | None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token != self._settings.token and token not in self._settings.more_tokens:
            return web.Response(status=404, body=_INVALID_TOKEN, content_type="application/json")
        limit = self._settings.rate_limit
        if limit is None:
            return None
        now = clock.time()
        second, count = self._accepted
        count = count + 1 if second == int(now) else 1
        if count > limit:
            headers = {"Retry-After": str(max(1, math.ceil(int(now) + 1 - now)))} if self._settings.retry_after else {}
            return _json(429, {"success": False, "info": "Too many requests", "data": {}}, headers)
        self._accepted = int(now), count
        return None

    def _messages(self, first: date | None, last: date | None) -> Iterator[bytes]:
        settings, world = self._settings, self._world
        bounds: tuple[datetime | None, datetime | None] = (None, None)
        if first is not None and last is not None and settings.filters:
            zone = ZoneInfo(settings.timezone)
            end = shift_day(last, 1) if settings.to_date_inclusive else last
            bounds = _midnight(first, zone), _midnight(end, zone)
        if settings.date_field == "created_at":
            records = world.between(*bounds)
        else:
            records = _filtered(world.between(None, None), settings.date_field, bounds)
        if settings.order != "oldest":
            every = list(records)
            records = reversed(every) if settings.order == "newest" else iter(sorted(every, key=hash))
        if settings.cap is not None:
            records = (record for _, record in zip(range(settings.cap), records, strict=False))
        return records

    async def _send_list(self, request: web.Request, records: Iterable[bytes]) -> web.StreamResponse:
        return await self._send(request, enveloped(records))

    async def _send(self, request: web.Request, pieces: Iterable[bytes]) -> web.StreamResponse:
        headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "max-age=0, private"}
        if self._settings.etags:
            # Rails digests the body; the same version of the same world has the same body.
            state = f"{request.path_qs} {self._world.version} {self._world.seed} {self._settings.order}"
            headers["ETag"] = f'W/"{blake2b(state.encode(), digest_size=16).hexdigest()}"'
            if self._settings.not_modified and request.headers.get("If-None-Match") == headers["ETag"]:
                return web.Response(status=304, headers={**headers, "Date": self._date()})
        if self._settings.compress and "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            pieces = gzipped(pieces)
        return await self._stream(request, 200, headers, pieces)

    async def _stream(
        self, request: web.Request, status: int, headers: dict[str, str], pieces: Iterable[bytes]
    ) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers={**headers, "Date": self._date()})
        if not self._settings.keep_alive:
            response.force_close()
        if request.headers.get("X-Request-Id"):
            response.headers["X-Request-Id"] = request.headers["X-Request-Id"]
        with contextlib.suppress(ConnectionError):  # the client has gone
            await self._write(request, response, pieces)
        return response

    async def _write(self, request: web.Request, response: web.StreamResponse, pieces: Iterable[bytes]) -> None:
        fault = request[_FAULT]
        limit = fault.cut_after if fault.cut_after is not None else fault.stall_after
        await response.prepare(request)
        sent = 0
        async for block in self._paced(in_blocks(pieces)):
            if limit is not None and sent + len(block) >= limit:
                await response.write(block[: limit - sent])
                if fault.stall_after is not None:
                    await asyncio.sleep(3600)
                _cut(request)
                return
            await response.write(block)
            sent += len(block)
        await response.write_eof()

    async def _paced(self, blocks: Iterable[bytes]) -> AsyncIterator[bytes]:
        for block in blocks:
            bandwidth = self._settings.bandwidth
            # Even without a limit: the client may live in the same loop, and wants its turn.
            await asyncio.sleep(len(block) / bandwidth if bandwidth else 0)
            yield block

    def _now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._settings.skew)

    def _date(self) -> str:
        return f"{self._now():%a, %d %b %Y %H:%M:%S} GMT"


def make_app(world: World, settings: Settings, requests: list[RecordedRequest]) -> web.Application:
    """Return the application; see the module."""
    handlers = Handlers(world, settings, requests)
    app = web.Application(middlewares=[handlers.gate])
    app.router.add_get("/api/v2/messages", handlers.list_messages)
    app.router.add_get(r"/api/v2/messages/{id:\d{1,18}}", handlers.get_message)
    app.router.add_get("/api/v2/to_dos", handlers.list_to_dos)
    app.router.add_post("/api/v2/to_dos", handlers.create_to_do)
    app.router.add_get("/api/v2/call-recordings", handlers.list_recordings)
    app.router.add_get(r"/audio/{id:\d{1,18}}.mp3", handlers.audio)
    return app


def _range_of(request: web.Request) -> slice | None:
    """Return which bytes are asked for; None is all, also where the range is not understood (RFC 9110, 14.2)."""
    try:
        return request.http_range if "Range" in request.headers else None
    except ValueError:
        return None


def _filtered(records: Iterator[bytes], field: str, bounds: tuple[datetime | None, datetime | None]) -> Iterator[bytes]:
    start, end = bounds
    for record in records:
        moment = datetime.fromisoformat(msgspec.json.decode(record)[field])
        if (start is None or start <= moment) and (end is None or moment < end):
            yield record


def _parse_date(text: str | None) -> date | None:
    return None if text is None else datetime.strptime(text, "%m-%d-%Y").date()  # noqa: DTZ007 - a date


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _json(status: int, content: Any, headers: dict[str, str] | None = None) -> web.Response:
    body = msgspec.json.encode(content)
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
