"""The vendor's own examples, and what the models make of what the document does not say."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from kauneonga_async import CallDetailRecord, CallRecording, Message, RecurrenceRule, Schedule, ToDo, ToDoSchedule
from tests.data import example


def data_of(name: str) -> Any:
    return msgspec.json.decode(example(name))["data"]


def test_the_message_of_the_document_is_read_whole() -> None:
    content = data_of("message")
    message = msgspec.convert(content, Message)
    assert message.id == 939
    assert message.created_at == datetime(2025, 1, 21, 22, 8, 20, 671000, tzinfo=UTC)
    assert message.answers is not None
    assert message.answers["meeting_preference"] == "Virtual"
    assert set(content) == {field.encode_name for field in msgspec.structs.fields(Message)}
    assert msgspec.to_builtins(message, str_keys=True).keys() == content.keys()


def test_the_to_do_of_the_document_is_read_whole() -> None:
    content = data_of("to_do")
    to_do = msgspec.convert(content["to_do"], ToDo)
    schedule = msgspec.convert(content["schedule"], ToDoSchedule)
    assert (to_do.id, to_do.from_, to_do.delivery_type) == (157, "7542838007", "sms")
    assert schedule.rule == RecurrenceRule(rule_type="IceCube::WeeklyRule", interval=2, validations={"day": [2, 4, 6]})
    assert set(content["to_do"]) == {f.encode_name for f in msgspec.structs.fields(ToDo)} - {"schedule"}
    assert set(content["schedule"]) == {f.encode_name for f in msgspec.structs.fields(ToDoSchedule)}


def test_the_schedule_is_sent_as_the_document_writes_it() -> None:
    schedule = Schedule(frequency="weekly", times=["9:00 AM"], days=["Tuesday", "Thursday", "Saturday"], interval=2)
    assert msgspec.to_builtins(schedule) == msgspec.json.decode(example("to_do_request"))["schedule"]


def test_the_recording_of_the_document_is_read_whole() -> None:
    content = data_of("call_recordings")[0]
    recording = msgspec.convert(content, CallRecording)
    assert recording.cdr is not None
    assert (recording.id, recording.from_, recording.cdr.talk_sec) == (36, "529841275287", 6)
    assert set(content) == {f.encode_name for f in msgspec.structs.fields(CallRecording)} - {"edr"}
    assert set(content["cdr"]) == {f.encode_name for f in msgspec.structs.fields(CallDetailRecord)}


def test_the_cdr_is_read_under_the_spelling_of_the_scan_too() -> None:
    content = data_of("call_recordings")[0]
    usual = msgspec.json.decode(msgspec.json.encode(content), type=CallRecording)
    content["edr"] = content.pop("cdr")
    scanned = msgspec.json.decode(msgspec.json.encode(content), type=CallRecording)
    assert scanned == usual
    assert b"edr" not in msgspec.json.encode(scanned)


@pytest.mark.parametrize(
    ("model", "least"), [(Message, {"id": 1}), (ToDo, {"id": 1}), (CallRecording, {"id": 1}), (CallDetailRecord, {})]
)
def test_nothing_but_the_id_is_relied_upon(model: type[msgspec.Struct], least: dict[str, Any]) -> None:
    missing = msgspec.convert(least, model)
    everything_null = {field.encode_name: None for field in msgspec.structs.fields(model)} | least
    assert msgspec.convert(everything_null, model) == missing


def test_unknown_fields_are_borne() -> None:
    assert msgspec.json.decode(b'{"id":1,"brand_new":{"a":[1]}}', type=Message).id == 1


@pytest.mark.parametrize("record_id", [0, -1, 2**63, True, "1", 1.5, None])
def test_an_id_is_a_positive_integer(record_id: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"id": record_id}, Message)


def test_a_time_without_an_offset_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"id": 1, "created_at": "2025-01-21T22:08:20"}, Message)


class MyAnswers(msgspec.Struct):
    urgent: str


class MyMessage(Message, frozen=True, kw_only=True):
    department: str


def test_answers_may_be_typed_and_fields_added() -> None:
    message = msgspec.json.decode(b'{"id":1,"answers":{"urgent":"Yes"}}', type=Message[MyAnswers])
    assert message.answers == MyAnswers("Yes")
    assert msgspec.json.decode(b'{"id":1,"department":"Law"}', type=MyMessage).department == "Law"


RECORDS = [
    msgspec.convert(data_of("message"), Message),
    msgspec.convert(data_of("to_do")["to_do"], ToDo),
    msgspec.convert(data_of("call_recordings")[0], CallRecording),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_records_survive_pickle_and_cannot_be_changed(record: msgspec.Struct) -> None:
    assert pickle.loads(pickle.dumps(record)) == record
    with pytest.raises(AttributeError):
        record.id = 2  # type: ignore[attr-defined]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_repr_shows_no_text_no_number_and_no_name(record: msgspec.Struct) -> None:
    rich = getattr(record, "__rich_repr__")()  # noqa: B009 - typed for rich alone
    shown = f"{record!r} {record} {rich!r}"
    for private in ("This is a test message", "9548326297", "John Doe", "Virtual", "jose", "should be", "529841275287",
                    "7542838007", "yourdomain"):  # fmt: skip
        assert private not in shown
    assert str(record.id) in shown  # type: ignore[attr-defined]
