"""Scenarios: what crashes interrupt, and what must be there in the end, each on a sandbox of its own."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from kauneonga_async import (
    CallRecording,
    KauneongaClient,
    errors,
    export_messages,
    export_recordings,
    export_to_dos,
    verify_export,
)
from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults
from kauneonga_async.sandbox.audio import mp3
from tests.exporting.readers import content, ids_in, lines_in, parts_of

__all__ = ["SCENARIOS", "Scenario"]

FIRST, LAST = date(2025, 1, 1), date(2025, 1, 28)
MESSAGES = 30
FOLDER = "export"


class Scenario(ABC):
    """One thing that is done, crashed and done again.

    Args:
        sandbox: The server.
        client: The account.
        root: The folder that is watched.
    """

    settings: dict[str, Any] = {}  # noqa: RUF012 - of the sandbox; nobody changes it
    written_at_once = 4096  # bytes of a download: recordings of the sandbox are small

    def __init__(self, sandbox: Sandbox, client: KauneongaClient, root: Path) -> None:
        self.sandbox = sandbox
        self.client = client
        self.folder = root / FOLDER

    async def prepare(self) -> None:  # noqa: B027 - most have nothing to prepare
        """Do what was done before the run that crashes."""

    async def begin(self) -> None:
        """Do it for the first time."""
        await self.run()

    @abstractmethod
    async def run(self) -> None:
        """Do it, or go on with it, to its end."""

    @abstractmethod
    async def complaints(self) -> list[str]:
        """Return what is wrong with what is there, once it is done."""

    @abstractmethod
    def is_fetched_again(self) -> bool:
        """Tell whether the last run asked for what the one before had finished."""


class Messages(Scenario):
    """An export of messages."""

    options: dict[str, Any] = {}  # noqa: RUF012 - nobody changes it

    async def run(self) -> None:
        await self._export()

    async def _export(self, **options: Any) -> None:
        await export_messages(
            self.client, self.folder, FIRST, LAST, **{"window": timedelta(days=7), **self.options, **options}
        )

    async def complaints(self) -> list[str]:
        world = self.sandbox.world
        complaints: list[str] = []
        report = await verify_export(self.folder)
        if not report.is_whole:
            complaints.append(f"it is not whole: {report}")
        if "jsonl" in self.options.get("format", "jsonl"):
            whole = self.options.get("details", False)
            truth = sorted(world.message(record_id, whole=whole) or b"" for record_id in world.message_ids())
            if sorted(lines_in(self.folder)) != truth:
                complaints.append("the lines are not the server's, each once")
        elif sorted(ids_in(self.folder)) != sorted(world.message_ids()):
            complaints.append("the ids are not the server's, each once")
        known = {path.name for path in parts_of(self.folder)} | {"_messages.journal", "_messages.lock"}
        complaints += [f"{path.name} is left" for path in self.folder.iterdir() if path.name not in known]
        return complaints

    def is_fetched_again(self) -> bool:
        return any("messages" in request.path for request in self.sandbox.requests)


class OneByOne(Messages):
    options = {"concurrency": 1}  # noqa: RUF012


class Compressed(Messages):
    options = {"compression": "gz"}  # noqa: RUF012


class CommaSeparated(Messages):
    options = {"format": "csv"}  # noqa: RUF012


class Parquet(Messages):
    options = {"format": "parquet"}  # noqa: RUF012


class Detailed(Messages):
    options = {"details": True}  # noqa: RUF012


class Faulty(Messages):
    """Answers break off in the middle, and windows are begun anew."""

    async def begin(self) -> None:
        cut = Fault(cut_after=4000)
        self.sandbox.configure(faults=ScriptedFaults([cut, None, cut]))
        await self.run()
        self.sandbox.configure(faults=None)


class Capped(Messages):
    """Lists are cut off, and windows are split."""

    settings = {"cap": 12}  # noqa: RUF012


class Refreshed(Messages):
    """An export is there, and a part of it is exported anew, for a message has changed."""

    async def prepare(self) -> None:
        await self._export()
        self.sandbox.world.edit(1020, caller_id="3055550100")

    async def begin(self) -> None:
        await self._export(refresh_since=date(2025, 1, 10))

    async def run(self) -> None:
        # Whether a crash came before the journal told of what is to be exported anew, nobody else knows.
        await self.begin()

    def is_fetched_again(self) -> bool:
        return False  # it is asked to


class Overwritten(Messages):
    """An export of something else is there, and is given up."""

    async def prepare(self) -> None:
        await self._export(window=timedelta(days=3))

    async def run(self) -> None:
        await self._export(overwrite=True)

    def is_fetched_again(self) -> bool:
        return False  # it is asked to


class ToDos(Scenario):
    """An export of to-dos, in the place of one."""

    async def prepare(self) -> None:
        await self._create("Call the bakery")
        await self.run()
        await self._create("Call the plumber")

    async def _create(self, text: str) -> None:
        asked = {"message_text": text, "from": "+15615550100", "contact": "5615550101", "delivery_type": "sms"}
        self.sandbox.world.create_to_do(asked, datetime(2025, 1, 1, tzinfo=UTC))

    async def run(self) -> None:
        await export_to_dos(self.client, self.folder)

    async def complaints(self) -> list[str]:
        found = [json.loads(line) for line in content(self.folder / "to_dos.jsonl").splitlines()]
        complaints = [] if found == self.sandbox.world.to_dos() else ["the to-dos are not the server's"]
        known = {"to_dos.jsonl", "_to_dos.lock"}
        return complaints + [f"{path.name} is left" for path in self.folder.iterdir() if path.name not in known]

    def is_fetched_again(self) -> bool:
        return False  # to-dos always are


class Recordings(Scenario):
    """An export of recordings; one of them breaks off, and is resumed."""

    async def begin(self) -> None:
        self.sandbox.configure(faults=ScriptedFaults([None, Fault(cut_after=7000), None, Fault(cut_after=9000)]))
        await self.run()
        self.sandbox.configure(faults=None)

    async def run(self) -> None:
        await export_recordings(self.client, self.folder, concurrency=2)

    async def complaints(self) -> list[str]:
        world = self.sandbox.world
        lines = [json.loads(line) for line in (self.folder / "recordings.jsonl").read_bytes().splitlines()]
        complaints: list[str] = []
        if sorted(line["id"] for line in lines) != list(world.recording_ids()):
            complaints.append("the manifest's ids are not the server's, each once")
        for line in lines:
            truth = audio_of(self.sandbox, line["id"])
            if line["status"] != "done" or (self.folder / line["file"]).read_bytes() != truth:
                complaints.append(f"{line['file']} is not the server's: {line['status']}")
            elif line["sha256"] != hashlib.sha256(truth).hexdigest():
                complaints.append(f"{line['file']}: the digest is another's")
        known = {f"{i}.mp3" for i in world.recording_ids()}
        known |= {"recordings.jsonl", "_recordings.journal", "_recordings.lock"}
        return complaints + [f"{path.name} is left" for path in self.folder.iterdir() if path.name not in known]

    def is_fetched_again(self) -> bool:
        return any("audio" in request.path for request in self.sandbox.requests)


class SmallRecordings(Recordings):
    """The same, of recordings that are written when they are whole, or break off."""

    written_at_once = 1024 * 1024


class Download(Scenario):
    """A download that breaks off twice, and is resumed."""

    async def prepare(self) -> None:
        self.folder.mkdir()
        recordings = await self.client.call_recordings.list()
        self.recording: CallRecording = max(recordings, key=lambda recording: len(audio_of(self.sandbox, recording.id)))

    async def begin(self) -> None:
        self.sandbox.configure(faults=ScriptedFaults([Fault(cut_after=20_000), Fault(cut_after=30_000)]))
        await self.run()
        self.sandbox.configure(faults=None)

    async def run(self) -> None:
        try:
            await self.client.call_recordings.download(self.recording, self.folder)
        except errors.KauneongaError:
            # It may say so, once.
            await self.client.call_recordings.download(self.recording, self.folder)

    async def complaints(self) -> list[str]:
        name = f"{self.recording.id}.mp3"
        is_right = (self.folder / name).read_bytes() == audio_of(self.sandbox, self.recording.id)
        complaints = [] if is_right else ["the audio is not the server's"]
        return complaints + [f"{path.name} is left" for path in self.folder.iterdir() if path.name != name]

    def is_fetched_again(self) -> bool:
        return False  # whoever downloads again wants it again


def audio_of(sandbox: Sandbox, record_id: int) -> bytes:
    """Return what the server has of a recording."""
    return mp3(f"Recording {record_id}", sandbox.world.seconds_of_audio(record_id))


SCENARIOS: dict[str, type[Scenario]] = {
    "one by one": OneByOne,
    "messages": Messages,
    "gz": Compressed,
    "csv": CommaSeparated,
    "parquet": Parquet,
    "details": Detailed,
    "faults": Faulty,
    "cap": Capped,
    "refresh": Refreshed,
    "overwrite": Overwritten,
    "to-dos": ToDos,
    "recordings": Recordings,
    "small": SmallRecordings,
    "download": Download,
}
