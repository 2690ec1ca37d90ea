"""Kept: what a disk or a store has kept of an earlier run, or what somebody else has left there."""

from __future__ import annotations

import contextlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

import msgspec

from kauneonga_async import downloads, errors
from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.exporting import entries, state
from kauneonga_async.exporting.destinations.lease import _holder_of
from kauneonga_async.exporting.destinations.segments import _head
from kauneonga_async.exporting.destinations.store import Found
from kauneonga_async.exporting.formats.cells import defused, restore_cell
from kauneonga_async.exporting.lines import write_line
from kauneonga_async.exporting.opening import _is_of
from kauneonga_async.exporting.recordings import state as recordings_state
from kauneonga_async.exporting.recordings.entries import Audio
from kauneonga_async.streams import Missing
from kauneonga_async.windows import between
from tests.fuzzing.targets.target import Target

__all__ = ["KEPT"]

_CALENDAR = ServerCalendar()


def journal(data: bytes) -> None:
    """Whole lines, in whatever order and number, come to a state that its own entries come to as well."""
    for module in (state, recordings_state):
        with contextlib.suppress(errors.ConfigurationError):
            found = module.read_state(data.split(b"\n"), "here")
            if isinstance(found, state.State):
                found.is_complete(_CALENDAR)
                found.obsolete()
                again = state.State(found.entries())
                assert again.pending_windows(_CALENDAR) == found.pending_windows(_CALENDAR)
                assert again.pending_asks() == found.pending_asks()
                assert again.expected() == found.expected()
                assert [part.name for part in again.parts] == [part.name for part in found.parts]


def entry(data: bytes) -> None:
    """Lines with a checksum, whoever wrote it, are read or refused."""
    lines = [b"%08x %b" % (crc32(line), line) for line in data.split(b"\n")]
    for module in (state, recordings_state):
        with contextlib.suppress(errors.ConfigurationError):
            module.read_state(lines, "here")


def segment(data: bytes) -> None:
    head = _head(Found(data=data, mark="", modified=None, age=None))
    assert head is None or isinstance(head.writer, str)


def lease(data: bytes) -> None:
    assert _holder_of(Found(data=data, mark="", modified=None, age=None)).since.year


def sidecar(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        target = downloads.Target(Path(folder) / "7.mp3", 7, "https://audio.example/7.mp3")
        (Path(folder) / "7.mp3.part.json").write_bytes(data)
        (Path(folder) / "7.mp3.part").write_bytes(b"ID3")
        target.look()
        assert target.kept in (0, 3)


def file_name(data: bytes) -> None:
    first = datetime(1, 1, 1, tzinfo=UTC).date()
    _is_of(data.decode("utf-8", "replace"), "messages", [(first, first)])


def cell(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    assert restore_cell(defused(text)) == text
    assert not defused(text).startswith(("=", "@", "\t", "\r", "\n"))


def _journal() -> list[msgspec.Struct]:
    week = between(datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 8, tzinfo=UTC), _CALENDAR)
    next_week = between(datetime(2025, 1, 8, tzinfo=UTC), datetime(2025, 1, 15, tzinfo=UTC), _CALENDAR)
    part = entries.PartEntry("messages_2025-01-01_2025-01-07.jsonl", 3, 99, "ab", "1")
    day = week.first.toordinal()
    ask = entries.Ask(1, week.start, (week,), (Missing(day, 7),))
    return [
        entries.Begun("messages", {"timezone": "unknown"}, "account", 7),
        entries.Span(week.start, next_week.end),
        entries.Done(week, part, total=3, expected={day + 7: [4, 1]}, asks=(ask,)),
        entries.Found(part, week.start),
        entries.Done(week, None, number=1, owner=week.start),
        entries.Done(next_week, part),
        entries.Replaced(week, ("messages_2025-01-01_2025-01-07.jsonl",)),
        entries.Dispelled(1),
    ]


_AUDIO = [entries.Begun("recordings", {}, "account", None), Audio(1, "done", "1.mp3"), Audio(2, "missing")]
_SIDECAR = b'{"record_id":7,"url":"https://audio.example/7.mp3","validator":"\\"x\\""}\nabcf844a 3\n'
_LEASE = b'{"token":"x","host":"h","process":1,"since":"2025-01-01T00:00:00Z","seconds":60}'

KEPT = {
    "journal": Target(journal, [b"\n".join(map(write_line, lines)) for lines in (_journal(), _AUDIO)]),
    "entry": Target(entry, [b"\n".join(map(msgspec.json.encode, lines)) for lines in (_journal(), _AUDIO)]),
    "segment": Target(segment, [b'{"writer":"x","base":true}\nline\n']),
    "lease": Target(lease, [_LEASE]),
    "sidecar": Target(sidecar, [_SIDECAR]),
    "file_name": Target(
        file_name, [b"messages_2025-01-01_2025-01-07.jsonl", b"messages_2025-01-01_2025-01-07_2.csv.gz"]
    ),
    "cell": Target(cell, [b"=1+1", b"'x", b"+1 (305) 555", b"\xef\xbc\x9dx", b"-", b"text"]),
}
