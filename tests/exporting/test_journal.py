"""Journals: entries that come at the same time share one flush, and its fate."""

from __future__ import annotations

import errno
import threading
from collections.abc import Sequence
from pathlib import Path

import anyio
import msgspec

from kauneonga_async.exporting.destinations import Folder
from kauneonga_async.exporting.journal import Journal
from kauneonga_async.exporting.lines import write_line


class Noted(msgspec.Struct):
    text: str


class Notes:
    def take(self, entry: Noted) -> None:
        """Nothing is kept."""

    def entries(self) -> list[Noted]:
        return []


class FillingFolder(Folder):
    """A folder whose disk is full at the second flush; the first goes on until others wait for it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "notes")
        self.flushes = 0
        self.others_wait = threading.Event()

    def append_lines(self, name: str, lines: Sequence[bytes]) -> None:
        self.flushes += 1
        if self.flushes == 1:
            self.others_wait.wait(5)
        if self.flushes == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().append_lines(name, lines)


async def test_a_flush_that_fails_fails_for_all_whose_entries_were_in_it_and_for_all_after(tmp_path: Path) -> None:
    folder = FillingFolder(tmp_path)
    journal = Journal(folder, "notes", Notes())
    told: dict[str, str] = {}

    async def write(text: str) -> None:
        try:
            await journal.write(Noted(text))
        except OSError as error:
            told[text] = errno.errorcode[error.errno or 0]
        else:
            told[text] = "durable"

    async with anyio.create_task_group() as tasks:
        for text in ("first", "second", "third"):
            tasks.start_soon(write, text)
            await anyio.wait_all_tasks_blocked()
        folder.others_wait.set()
    await write("fourth")
    assert told == {"first": "durable", "second": "ENOSPC", "third": "ENOSPC", "fourth": "ENOSPC"}
    assert folder.read_lines("_notes.journal") == [write_line(Noted("first"))]
    folder.unlock()
