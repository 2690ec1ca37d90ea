"""The asyncio SDK for the Kauneonga V2 API: messages, to-dos and call recordings of a telephone answering service."""

from kauneonga_async import errors
from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.client import KauneongaClient, Response
from kauneonga_async.config import VERSION as __version__  # noqa: N811 - by this name packages are asked for theirs
from kauneonga_async.decoding import InvalidRecord
from kauneonga_async.exporting import ExportReport, export_messages
from kauneonga_async.models import (
    CallDetailRecord,
    CallRecording,
    Message,
    RecurrenceRule,
    Schedule,
    ToDo,
    ToDoSchedule,
)
from kauneonga_async.streams import LearntCalendar, RecordStream, StreamReport
from kauneonga_async.transport import Event

__all__ = [
    "CallDetailRecord",
    "CallRecording",
    "Event",
    "ExportReport",
    "InvalidRecord",
    "KauneongaClient",
    "LearntCalendar",
    "Message",
    "RecordStream",
    "RecurrenceRule",
    "Response",
    "Schedule",
    "ServerCalendar",
    "StreamReport",
    "ToDo",
    "ToDoSchedule",
    "__version__",
    "errors",
    "export_messages",
]
