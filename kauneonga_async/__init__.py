"""The asyncio SDK for the Kauneonga V2 API: messages, to-dos and call recordings of a telephone answering service."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kauneonga_async import errors

if TYPE_CHECKING:
    from kauneonga_async.calendars import ServerCalendar
    from kauneonga_async.client import KauneongaClient
    from kauneonga_async.config import VERSION as __version__  # noqa: N811 - packages are asked for theirs by this name
    from kauneonga_async.decoding import InvalidRecord
    from kauneonga_async.exporting import (
        ExportReport,
        RecordingsReport,
        VerifyReport,
        export_messages,
        export_recordings,
        export_to_dos,
        verify_export,
    )
    from kauneonga_async.fleets import AccountChange, AccountFailure, Fleet
    from kauneonga_async.models import (
        CallDetailRecord,
        CallRecording,
        Message,
        RecurrenceRule,
        Schedule,
        ToDo,
        ToDoSchedule,
    )
    from kauneonga_async.resources.anything import Response
    from kauneonga_async.streams import LearntCalendar, RecordStream, StreamReport
    from kauneonga_async.transport import Event
    from kauneonga_async.watching import Cursor, MemoryCursor, MessageChange, SqliteCursor, Watch, WatchReport

__all__ = [
    "AccountChange",
    "AccountFailure",
    "CallDetailRecord",
    "CallRecording",
    "Cursor",
    "Event",
    "ExportReport",
    "Fleet",
    "InvalidRecord",
    "KauneongaClient",
    "LearntCalendar",
    "MemoryCursor",
    "Message",
    "MessageChange",
    "RecordStream",
    "RecordingsReport",
    "RecurrenceRule",
    "Response",
    "Schedule",
    "ServerCalendar",
    "SqliteCursor",
    "StreamReport",
    "ToDo",
    "ToDoSchedule",
    "VerifyReport",
    "Watch",
    "WatchReport",
    "__version__",
    "errors",
    "export_messages",
    "export_recordings",
    "export_to_dos",
    "verify_export",
]

_HOMES = {
    "calendars": ("ServerCalendar",),
    "client": ("KauneongaClient",),
    "decoding": ("InvalidRecord",),
    "exporting": (
        "ExportReport",
        "RecordingsReport",
        "VerifyReport",
        "export_messages",
        "export_recordings",
        "export_to_dos",
        "verify_export",
    ),
    "fleets": ("AccountChange", "AccountFailure", "Fleet"),
    "models": ("CallDetailRecord", "CallRecording", "Message", "RecurrenceRule", "Schedule", "ToDo", "ToDoSchedule"),
    "resources.anything": ("Response",),
    "streams": ("LearntCalendar", "RecordStream", "StreamReport"),
    "transport": ("Event",),
    "watching": ("Cursor", "MemoryCursor", "MessageChange", "SqliteCursor", "Watch", "WatchReport"),
}


if not TYPE_CHECKING:  # else type checkers would take any name for one that there is

    def __getattr__(name: str) -> Any:
        # PEP 562: the command's --help needs no aiohttp, which takes three quarters of the import.
        if name == "__version__":
            return import_module("kauneonga_async.config").VERSION
        for module, names in _HOMES.items():
            if name in names:
                value = globals()[name] = getattr(import_module(f"kauneonga_async.{module}"), name)
                return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
