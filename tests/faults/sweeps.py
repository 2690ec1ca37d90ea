"""Cases: one kind of fault in each of its forms: every byte, every field, every status, every target."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kauneonga_async import CallRecording, KauneongaClient, Message, ToDo, ToDoSchedule, errors
from tests.data import example
from tests.faults.cases import case
from tests.faults.harness import (
    CANARY,
    OPTIONS,
    assert_nothing_is_held,
    assert_nothing_leaks,
    attempt,
    faces_of,
)
from tests.faults.table import SURFACES, Surface
from tests.wire import TOKEN, Exchange, WireServer, response

AREA = "every one of a kind"

_MESSAGE = {"id": 1, "content": f"{CANARY} é", "created_at": "2025-01-01T10:00:00Z"}
_SHORT: dict[Surface, bytes] = {
    "get": json.dumps({"data": _MESSAGE}).encode(),
    "stream": json.dumps({"data": [_MESSAGE]}).encode(),
    "create": json.dumps({"data": {"to_do": {"id": 1}, "schedule": {"id": 1}}}).encode(),
}


def closing(status: int, body: bytes = b"", **headers: str) -> bytes:
    return response(status, body, connection="close", **headers)


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[tuple[WireServer, KauneongaClient]]:
    """Answer each request with the next, and close the connection; no call tries again."""
    left = list(answers)

    async def serve(exchange: Exchange) -> None:
        await exchange.send(left.pop(0))
        exchange.writer.close()

    async with WireServer(serve) as server:
        async with KauneongaClient(server.base_url, TOKEN, max_retries=0, **OPTIONS) as client:
            yield server, client
            assert_nothing_is_held(client)
        assert len(server.exchanges) == len(answers)


async def each_fails(surface: Surface, answers: Iterable[bytes], error: type[errors.KauneongaError]) -> None:
    """Make sure that each answer comes to the error, or, if it is a creation's, to doubt."""
    answers = list(answers)
    async with answering(*answers) as (_, client):
        for number in range(len(answers)):
            with pytest.raises(errors.OutcomeUnknown if surface == "create" else error) as caught:
                await attempt(client, surface)
            if number % 10 == 0:  # it takes longer than the call
                assert_nothing_leaks(faces_of(caught.value))


@case(AREA, "cut after each byte of an answer", "`ConnectionFailed`, `OutcomeUnknown` for a creation")
async def every_cut(folder: Path) -> None:
    del folder
    for surface in SURFACES:
        whole = closing(201 if surface == "create" else 200, _SHORT[surface])
        await each_fails(surface, (whole[:place] for place in range(len(whole))), errors.ConnectionFailed)


@case(AREA, "a body that ends after each of its bytes, of the right length", "`DecodeError`, `OutcomeUnknown`")
async def every_end(folder: Path) -> None:
    del folder
    for surface in SURFACES:
        body = _SHORT[surface]
        await each_fails(surface, (closing(200, body[:place]) for place in range(len(body))), errors.DecodeError)


@case(AREA, "a list of which each byte is missing in turn", "it is read for what it then says, or `DecodeError`")
async def every_byte_lost(folder: Path) -> None:
    del folder
    body = _SHORT["stream"]
    shorter = [body[:place] + body[place + 1 :] for place in range(len(body))]
    async with answering(*(closing(200, one) for one in shorter)) as (_, client):
        for one in shorter:
            try:
                found = [record["id"] async for record in client.messages.stream(record_type=dict)]
            except errors.DecodeError as error:
                assert_nothing_leaks(faces_of(error))
            else:
                assert found == [record["id"] for record in json.loads(one)["data"]]


def _wrong_for(kind: Any) -> Iterable[Any]:
    """Yield values that a field of a type cannot hold, as far as its type says so."""
    for value in (7, "seven", [1], {"a": 1}, True, "2025-01-01T10:00:00"):
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError:
            yield value


def _spoilt(whole: dict[str, Any], model: type[msgspec.Struct], *way: str) -> Iterable[bytes]:
    """Yield bodies in which one field of one object holds what it cannot."""
    for field in msgspec.structs.fields(model):
        for value in _wrong_for(field.type):
            document = json.loads(json.dumps(whole))
            inner = document
            for step in way:
                inner = inner[step]
            inner[field.encode_name] = value
            yield msgspec.json.encode(document)


@case(AREA, "each field of a message, a to-do and a recording, of each wrong type", "`DecodeError`, `OutcomeUnknown`")
async def every_field(folder: Path) -> None:
    del folder
    message, to_do, recording = (json.loads(example(name)) for name in ("message", "to_do", "call_recordings"))
    messages = [closing(200, body) for body in _spoilt(message, Message, "data")]
    assert len(messages) > 100
    await each_fails("get", messages, errors.DecodeError)
    bodies = [*_spoilt(to_do, ToDo, "data", "to_do"), *_spoilt(to_do, ToDoSchedule, "data", "schedule")]
    assert len(bodies) > 30
    await each_fails("create", (closing(201, body) for body in bodies), errors.DecodeError)
    spoilt = [
        {"data": [json.loads(body)]} for body in _spoilt(recording["data"][0], CallRecording) if b'"edr"' not in body
    ]
    async with answering(*(closing(200, msgspec.json.encode(body)) for body in spoilt)) as (_, client):
        for _ in spoilt:
            with pytest.raises(errors.DecodeError):
                await client.call_recordings.list()


def _error_of(status: int, surface: Surface) -> type[errors.KauneongaError]:
    named = {400: errors.InvalidRequest, 401: errors.AuthenticationError, 403: errors.PermissionDenied}
    named |= {404: errors.NotFound, 422: errors.InvalidRequest, 429: errors.RateLimited}
    if status >= 500:
        return errors.OutcomeUnknown if surface == "create" else errors.ServerError
    return named.get(status, errors.StatusError)


@case(AREA, "each status from 400 to 599, with and without a body", "the error that it means; 5xx: `OutcomeUnknown`")
async def every_status(folder: Path) -> None:
    del folder
    # What is throttled is slowed down: that takes a client of its own.
    statuses = [status for status in range(400, 600) if status not in (429, 503, 504)]
    for surface in SURFACES:
        answers = [closing(status, b"" if status % 2 else b'{"info":"no"}') for status in statuses]
        async with answering(*answers) as (_, client):
            for status in statuses:
                with pytest.raises(errors.KauneongaError) as caught:
                    await attempt(client, surface)
                assert type(caught.value) is _error_of(status, surface), status


@case(AREA, "each 3xx to another port, host and scheme", "`StatusError` or `OutcomeUnknown`; nothing is sent there")
async def every_redirect(folder: Path) -> None:
    del folder
    async with WireServer(closing(200, _SHORT["get"])) as elsewhere:
        port = elsewhere.origin.rpartition(":")[2]
        for surface in SURFACES:
            for status in range(300, 400):
                if status in range(309, 399):
                    continue
                await _lead_astray(surface, status, port)
        assert elsewhere.exchanges == []


async def _lead_astray(surface: Surface, status: int, port: str) -> None:
    targets = (
        f"http://127.0.0.1:{port}/api/v2/messages/1",
        f"http://localhost:{port}/api/v2/messages/1",
        f"//127.0.0.1:{port}/api/v2/messages/1",
        f"https://127.0.0.1:{port}/api/v2/messages/1",
        f"http://user@127.0.0.1:{port}/api/v2/messages/1",
    )
    async with answering(*(closing(status, location=target) for target in targets)) as (_, client):
        for _ in targets:
            with pytest.raises((errors.StatusError, errors.OutcomeUnknown)):
                await attempt(client, surface)


@case(AREA, "texts with all that JSON can say", "they come out as they went in, to the last character")
async def every_text(folder: Path) -> None:
    del folder
    text = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x11000), 0x1F642, 0x10FFFF]))
    record = {**_MESSAGE, "content": text, "answers": {text[:300]: text[::-1]}}
    for ensure_ascii in (False, True):
        one, many = (
            closing(200, json.dumps({"data": data}, ensure_ascii=ensure_ascii).encode()) for data in (record, [record])
        )
        async with answering(one, many) as (_, client):
            for message in (await client.messages.get(1), *(await client.messages.list())):
                assert (message.content, message.answers) == (text, record["answers"])


@case(AREA, "random bytes in place of an answer, three hundred times", "an error of ours, and nothing is left")
async def noise(folder: Path) -> None:
    del folder
    chance = random.Random(5)
    for surface in SURFACES:
        openings = (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n")
        answers = [chance.choice(openings) + chance.randbytes(64) for _ in range(100)]
        async with answering(*answers) as (_, client):
            for _ in answers:
                with pytest.raises(errors.KauneongaError) as caught:
                    await attempt(client, surface)
                assert surface != "create" or type(caught.value) is errors.OutcomeUnknown
