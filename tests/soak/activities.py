"""Activities: what is done at once, again and again; each checks what it was given against what there is.

To add one, write a function that does it once, and name it in ACTIVITIES: it raises Mismatch if what came is wrong, and
lets the package's own errors pass, which are counted.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from kauneonga_async import (
    KauneongaClient,
    Message,
    Schedule,
    errors,
    export_messages,
    export_recordings,
    export_to_dos,
    verify_export,
)
from kauneonga_async.sandbox.audio import mp3
from tests.soak.field import Field, Mismatch
from tests.soak.server import RECORDINGS, STOP, TOKEN

__all__ = ["ACTIVITIES", "TIMEOUT", "settle_creations"]

MISSING_ID = 900_001
TIMEOUT = 15.0  # seconds
_EVERY_MONDAY = Schedule(frequency="weekly", times=["9:00 AM"], days=["Monday"])


def id_of(record: Any) -> int:
    if isinstance(record, msgspec.Raw):
        record = msgspec.json.decode(record)
    return int(record["id"] if isinstance(record, dict) else record.id)


async def stream(field: Field) -> None:
    first, last = field.some_range()
    options: dict[str, Any] = {
        "record_type": field.chance.choice([Message, dict, msgspec.Raw]),
        "window": field.chance.choice([None, timedelta(days=7), timedelta(days=30)]),
        "ordered": field.chance.random() < 0.5,
    }
    ids = [id_of(record) async for record in field.client.messages.stream(first, last, **options)]
    field.compare("stream", ids, field.ids_of(first, last))


async def stream_and_leave(field: Field) -> None:
    """What is left early leaves nothing behind; over a client of its own, which is closed at once."""
    async with KauneongaClient(field.client.base_url, TOKEN, timeout=TIMEOUT) as own:
        wanted = field.chance.randint(1, 200)
        async for record in own.messages.stream(*field.some_range()):
            wanted -= 1
            field.compare("stream and leave", [record.id], [record.id] if record.id in field.times else [])
            if not wanted:
                break


async def get(field: Field) -> None:
    number = field.chance.choice([*field.chance.sample(list(field.times), 20), MISSING_ID])
    try:
        message = await field.client.messages.get(number)
    except errors.NotFound:
        field.compare("get", [], [number] if number in field.times else [])
    else:
        if message.created_at != field.times.get(number):
            raise Mismatch(f"get: {number} is another")
        field.compare("get", [message.id], [number])


async def get_many(field: Field) -> None:
    ids = field.chance.sample(list(field.times), 40)
    found = await field.client.messages.get_many([*ids, MISSING_ID], missing="skip").collect()
    if [message.id for message in found] != ids:
        raise Mismatch("get_many: not the messages asked for, in the order asked for")
    field.records["get_many"] += len(found)


async def create(field: Field) -> None:
    text = f"reminder {len(field.created)}"
    field.created[text] = "failed"
    try:
        to_do = await field.client.to_dos.create(
            account_number="W0411",
            delivery_type="sms",
            contact="jose@kauneonga.com",
            from_="+17542838007",
            message_text=text,
            schedule=_EVERY_MONDAY,
        )
    except (errors.OutcomeUnknown, asyncio.CancelledError):
        field.created[text] = "unknown"
        raise
    field.created[text] = "created"
    if to_do.message_text != text:
        raise Mismatch("create: another was created")
    field.records["create"] += 1


async def download(field: Field) -> None:
    recordings = await field.client.call_recordings.list()
    field.compare("recordings", [recording.id for recording in recordings], range(36, 36 + RECORDINGS))
    recording = field.chance.choice(recordings)
    path = await field.client.call_recordings.download(recording, field.folder / f"{recording.id}.mp3")
    if path.read_bytes() != mp3(f"Recording {recording.id}", field.world.seconds_of_audio(recording.id)):
        raise Mismatch(f"download: {recording.id} is damaged")
    path.unlink()
    field.records["download"] += 1


async def export(field: Field) -> None:
    """An export that is stopped now and then is gone on with, and whole in the end."""
    first, last = field.some_range()
    form, compression = field.chance.choice([("jsonl", None), ("jsonl", "gz"), ("csv", None), ("parquet", None)])
    place = field.folder / f"export-{form}-{field.done['export']}"
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(field.chance.expovariate(2)):
                await export_messages(field.client, place, first, last, format=form, compression=compression)
        await export_messages(field.client, place, first, last, format=form, compression=compression)
        report = await verify_export(place)
        expected = field.ids_of(first, last)
        if not report.is_whole or report.records != len(expected):
            raise Mismatch(f"export: {report.records} of {len(expected)} records, {report}")
        if form == "jsonl":
            field.compare("export", ids_in(place), expected)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def ids_in(place: Path) -> list[int]:
    texts = [gzip.decompress(path.read_bytes()) for path in place.glob("messages_*.jsonl.gz")]
    texts += [path.read_bytes() for path in place.glob("messages_*.jsonl")]
    return [int(json.loads(line)["id"]) for text in texts for line in text.splitlines()]


async def export_audio(field: Field) -> None:
    place = field.folder / "audio"
    try:
        report = await export_recordings(field.client, place)
        if report.listed != RECORDINGS or report.downloaded + report.kept + report.failed != RECORDINGS:
            raise Mismatch(f"export recordings: {report}")
        field.records["export recordings"] += report.downloaded
        await export_to_dos(field.client, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


async def watch(field: Field) -> None:
    """A watch that replays the last days, is left half-way, and goes on: only what was in hand comes twice."""
    first = STOP - timedelta(days=field.chance.randint(0, 20))
    expected = field.ids_of(first, STOP)
    cursor = field.folder / f"watch-{field.done['watch']}.db"
    seen: list[int] = []
    try:
        for enough in (field.chance.randint(1, len(expected)), len(expected) + 1):
            changes = field.client.messages.watch(record_type=dict, interval=0.01, cursor=cursor, start=first)
            async with changes:
                async for change in changes:
                    seen.append(change.id)
                    if len(seen) == enough:
                        break
        if len(seen) > len(expected) + 1:
            raise Mismatch(f"watch: {len(seen)} changes of {len(expected)} messages")
        field.compare("watch", set(seen), expected)
    finally:
        for path in field.folder.glob(f"{cursor.name}*"):
            path.unlink()


async def settle_creations(client: KauneongaClient, field: Field) -> list[str]:
    """Compare what was reported of creations with what there is; return what is wrong."""
    texts = [to_do.message_text async for to_do in client.to_dos.stream()]
    wrong: list[str] = []
    for text, reported in field.created.items():
        count = texts.count(text)
        if count > 1 or (reported == "created" and count != 1) or (reported == "failed" and count):
            wrong.append(f"create: {text} is there {count} times, and was reported as {reported}")
    return wrong


Activity = Callable[[Field], Awaitable[None]]

ACTIVITIES: Final[dict[str, Activity]] = {
    "stream": stream,
    "stream and leave": stream_and_leave,
    "get": get,
    "get_many": get_many,
    "create": create,
    "download": download,
    "export": export,
    "export recordings": export_audio,
    "watch": watch,
}
