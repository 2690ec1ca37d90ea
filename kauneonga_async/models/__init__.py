"""What the API says, as msgspec structs: frozen, keyword-only, without I/O."""

from kauneonga_async.models.call_recording import CallDetailRecord, CallRecording
from kauneonga_async.models.message import Instant, Message, RecordId
from kauneonga_async.models.to_do import RecurrenceRule, Schedule, ToDo, ToDoSchedule

__all__ = [
    "CallDetailRecord",
    "CallRecording",
    "Instant",
    "Message",
    "RecordId",
    "RecurrenceRule",
    "Schedule",
    "ToDo",
    "ToDoSchedule",
]
