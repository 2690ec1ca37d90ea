"""What a type checker infers: read by mypy in CI, run here for its syntax alone."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, assert_type

import msgspec

from kauneonga_async import CallRecording, KauneongaClient, Message, RecordStream, Schedule, ToDo

if TYPE_CHECKING:
    from pathlib import Path

    # An ignore that is not needed is an error: a name that there is not must be one.
    from kauneonga_async import KauneongaKlient  # type: ignore[attr-defined]  # noqa: F401


class Answers(msgspec.Struct):
    urgent: str


class Narrow(msgspec.Struct):
    id: int


async def messages(client: KauneongaClient) -> None:
    assert_type(await client.messages.get(1), Message)
    assert_type((await client.messages.get(1)).answers, dict[str, Any] | None)
    assert_type(await client.messages.get(1, record_type=Narrow), Narrow)
    assert_type(await client.messages.get(1, record_type=Narrow, on_invalid="skip"), Narrow | None)
    assert_type(await client.messages.get(1, record_type=Message[Answers]), Message[Answers])
    assert_type((await client.messages.get(1, record_type=Message[Answers])).answers, Answers | None)
    assert_type(client.messages.stream(date(2025, 1, 1)), RecordStream[Message])
    assert_type(client.messages.stream(record_type=msgspec.Raw), RecordStream[msgspec.Raw])
    async for message in client.messages.stream(date(2025, 1, 1), date(2025, 1, 31)):
        assert_type(message, Message)
    async for batch in client.messages.stream(record_type=Narrow).batches():
        assert_type(batch, list[Narrow])
    assert_type(await client.messages.list(), list[Message])
    assert_type(await client.messages.list(record_type=Narrow), list[Narrow])
    async for message in client.messages.get_many([1, 2]):
        assert_type(message, Message)
    async for narrow in client.messages.get_many([1, 2], record_type=Narrow):
        assert_type(narrow, Narrow)


async def others(client: KauneongaClient, folder: Path) -> None:
    schedule = Schedule(frequency="weekly", times=["9:00 AM"])
    to_do = await client.to_dos.create(
        account_number="", delivery_type="sms", contact="", from_="", message_text="", schedule=schedule
    )
    assert_type(to_do, ToDo)
    assert_type(await client.to_dos.list(), list[ToDo])
    async for recording in client.call_recordings.stream():
        assert_type(recording, CallRecording)
        assert_type(await client.call_recordings.download(recording, folder), Path)


def test_the_checks_above_are_functions_that_mypy_reads() -> None:
    assert callable(messages)
    assert callable(others)
