"""Endpoints: whether the token is accepted, and whether what it is for can be had. Nothing is created."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from kauneonga_async.calendars import DAY, shift_day
from kauneonga_async.client import KauneongaClient
from kauneonga_async.decoding import InvalidRecord, Refusal, object_reader
from kauneonga_async.doctor.asking import MESSAGES, Asker, Reply
from kauneonga_async.doctor.diagnosis import Finding
from kauneonga_async.doctor.evidence import Question
from kauneonga_async.downloads import probe
from kauneonga_async.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailed,
    KauneongaError,
    NotFound,
    PermissionDenied,
    RequestTimeout,
)
from kauneonga_async.models import CallRecording, Message, ToDo
from kauneonga_async.streams import RecordStream
from kauneonga_async.windows import api_date

__all__ = ["check_download", "check_get", "check_list", "check_to_dos", "check_token", "failed", "list_recordings"]

_BACK: Final = (31, 366, 3660)  # days in which to look for messages, until there is one


def failed(check: str, error: Exception, advice: str | None = None) -> Finding:
    """Return the finding that an error means."""
    if advice is None:
        if isinstance(error, (ConnectionFailed, RequestTimeout)):
            advice = "try again; if it stays so, ask who runs the server, and tell them the request id"
        elif isinstance(error, PermissionDenied):
            advice = "ask who runs the server to let this token do that, or do without"
    return Finding(
        check=check,
        status="failure",
        says=f"{type(error).__name__}: {error}",
        advice=advice,
        facts={"error": type(error).__name__, "request_id": getattr(error, "request_id", None)},
    )


async def check_token(asker: Asker, today: date) -> tuple[Finding, Reply | None]:
    """Make one call with the token: for the list of a day to come, which should be empty."""
    day = api_date(today + 2 * DAY)
    try:
        reply = await asker.get(MESSAGES, {"from_date": day, "to_date": day})
    except AuthenticationError as error:
        says = f'the server answers {error.status}, "{"Invalid token" if error.status == 404 else "unauthorized"}"'  # noqa: PLR2004 - API.md
        advice = "check that it is this account's token, whole, and has not expired; get a new one if in doubt"
        return Finding(check="token", status="failure", says=f"refused: {says}", advice=advice), None
    except ConfigurationError as error:
        return failed("token", error, "put the token where the message says"), None
    except NotFound as error:
        return failed("token", error, "check the URL's path: there is no list of messages under it"), None
    except KauneongaError as error:
        return failed("token", error), None
    return Finding(check="token", status="ok", says="accepted"), reply


async def check_list(asker: Asker, today: date) -> tuple[Finding, int | None]:
    """Look for messages, further back each time; return also the id of one."""
    for days in _BACK:
        question = Question(shift_day(today, -days), shift_day(today, 1))
        try:
            listed = await asker.list_days(question, most=1)
        except KauneongaError as error:
            return failed("list messages", error), None
        if listed.unreadable:
            return Finding(
                check="list messages",
                status="warning",
                says="there are messages without an id or a created_at that can be read",
                advice='streams raise for them, unless they are made with on_invalid="skip" or a function',
                facts={"unreadable": listed.unreadable},
            ), listed.newest
        if listed.newest is not None:
            return Finding(
                check="list messages", status="ok", says=f"there are some of the last {days} days"
            ), listed.newest
    return Finding(
        check="list messages",
        status="warning",
        says="the list can be had, and is empty for the last ten years",
        advice="if the account has messages, check that the token is this account's",
    ), None


async def check_get(asker: Asker, message_id: int | None) -> tuple[Finding, Reply | None]:
    """Fetch one message, whole."""
    check = "get a message"
    if message_id is None:
        return Finding(check=check, status="skipped", says="there is none to get"), None
    try:
        reply = await asker.get(f"{MESSAGES}/{message_id}")
        found: Any = object_reader(Message).read(reply.body)
    except Refusal:
        return Finding(check=check, status="failure", says="the server refuses, with status 200"), None
    except KauneongaError as error:
        return failed(check, error.with_traceback(None)), None
    if isinstance(found, InvalidRecord):
        return Finding(
            check=check,
            status="warning",
            says=f"message {message_id} does not fit its type: {found.error}",
            advice="read messages with a record_type of your own, or as dict",
        ), reply
    return Finding(check=check, status="ok", says=f"message {message_id}, {len(reply.body):,} bytes"), reply


async def list_recordings(asker: Asker, client: KauneongaClient) -> tuple[Finding, CallRecording | None]:
    """Read the beginning of the list of recordings; return also one that has audio."""
    finding, found = await _first_of(asker, "list recordings", client.call_recordings.stream(on_invalid="skip"))
    with_audio = (record for record in found if isinstance(record, CallRecording) and record.recording)
    return finding, next(with_audio, None)


async def check_download(asker: Asker, recording: CallRecording | None) -> Finding:
    """Read the first bytes of a recording's audio."""
    if recording is None:
        return Finding(check="download", status="skipped", says="there is no recording with audio")
    asker.calls += 1
    try:
        foreign = await probe(asker.transport, recording, asker.options)
    except ConnectionFailed as error:
        hint = "--allow-private-recordings" if "private" in str(error) else None
        return failed("download", error, f"if its host is one of yours, say {hint}" if hint else None)
    except (KauneongaError, ValueError) as error:
        return failed("download", error, "list the recordings anew: their URLs may expire")
    where = "another host, which gets no token" if foreign else "the API's own host"
    return Finding(check="download", status="ok", says=f"the audio of recording {recording.id} is on {where}")


async def check_to_dos(asker: Asker, client: KauneongaClient) -> Finding:
    """Read the beginning of the list of to-dos."""
    stream: RecordStream[ToDo] = client.to_dos.stream(on_invalid="skip")
    return (await _first_of(asker, "list to-dos", stream))[0]


async def _first_of(asker: Asker, check: str, stream: RecordStream[Any]) -> tuple[Finding, list[Any]]:
    asker.calls += 1
    found: list[Any] = []
    try:
        async with stream:
            async for batch in stream.batches():
                found = batch
                break
    except KauneongaError as error:
        return failed(check, error), []
    if stream.report.invalid:
        return Finding(
            check=check,
            status="warning",
            says="there are records that do not fit their type",
            advice='lists raise for them, unless they are made with on_invalid="skip" or a function',
            facts={"invalid": stream.report.invalid},
        ), found
    return Finding(check=check, status="ok", says="can be had" if found else "can be had, and is empty"), found
