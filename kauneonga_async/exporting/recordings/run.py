"""RecordingsRun: one run of an export of recordings: list, download what is not there, list what had expired again."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import anyio
import msgspec

from kauneonga_async.downloads import SIDECAR_ENDING
from kauneonga_async.exporting.destinations import Destination, Stamp
from kauneonga_async.exporting.journal import Journal
from kauneonga_async.exporting.opening import digest_of
from kauneonga_async.exporting.pauses import Patience, patiently
from kauneonga_async.exporting.recordings.audio import Fetcher
from kauneonga_async.exporting.recordings.entries import Audio
from kauneonga_async.exporting.recordings.landing import LANES, Landing
from kauneonga_async.exporting.recordings.listed import Listed
from kauneonga_async.exporting.recordings.manifest import Manifest
from kauneonga_async.exporting.recordings.report import RecordingsReport
from kauneonga_async.exporting.recordings.state import State
from kauneonga_async.models import CallRecording, RecordId
from kauneonga_async.streams import RecordStream, bare_error
from kauneonga_async.threads import carry_out

__all__ = ["RecordingsRun"]

_LINES_AT_ONCE = 500  # of the manifest, kept in memory before they are written

_ROOM = 4  # times the places: what was received and has not landed yet is in memory, a megabyte each at the most

_RECORDING = msgspec.json.Decoder(CallRecording)


class _Key(msgspec.Struct):
    id: RecordId


class RecordingsRun:
    """One run, at a destination that is locked.

    Args:
        list_all: Begins to list the account's recordings.
        destination: Where files go.
        journal: Tells what is there, and is told what becomes of each recording.
        fetcher: Downloads.
        places: How many downloads there are at once.
        progress: Is called with the report after each.
    """

    def __init__(
        self,
        list_all: Callable[[], RecordStream[msgspec.Raw]],
        destination: Destination,
        journal: Journal[State],
        fetcher: Fetcher,
        places: int,
        progress: Callable[[RecordingsReport], None] | None,
    ) -> None:
        self._list_all = list_all
        self._destination = destination
        self._journal = journal
        self._fetcher = fetcher
        self._places = places
        self._progress = progress
        self._report = RecordingsReport()
        self._began = time.monotonic()
        self._stamps: dict[str, Stamp] = {}
        self._begun: frozenset[str] | None = None  # files of which there is a part, if that is known
        self._told: set[int] = set()
        self._expired: dict[int, Audio] = {}  # not told of before they are listed once more
        self._is_last_list = False
        self._lines: list[tuple[Audio, msgspec.Raw]] = []

    async def run(self) -> RecordingsReport:
        """Download what is not there.

        Raises:
            KauneongaError: The recordings cannot be listed. A server that asks for patience is waited for.
            OSError: A file cannot be written.
        """
        self._stamps = await carry_out(self._destination.stamps)
        self._begun = frozenset(
            name.removesuffix(SIDECAR_ENDING) for name in self._stamps if name.endswith(SIDECAR_ENDING)
        )
        manifest = Manifest(self._destination)
        try:
            await carry_out(manifest.begin)
            await self._see_to_all_patiently(manifest)
            if self._expired:
                # A signed URL lives for minutes, and the list may be older than that by now.
                self._is_last_list = True
                await self._see_to_all_patiently(manifest)
            await carry_out(partial(manifest.write, self._lines))
            # Nobody lists these any more: all may have expired, and their records are not held in memory.
            gone = list(self._expired.values())
            for audio in gone:
                self._count(audio)
            files = [audio for audio in self._journal.state.audio.values() if audio.status == "done"]
            await carry_out(partial(manifest.finish, files + gone))
            await carry_out(self._journal.shorten)
        finally:
            await carry_out(manifest.discard)
        self._tell()
        return self._report

    async def _see_to_all_patiently(self, manifest: Manifest) -> None:
        patience = Patience(lambda: len(self._told))
        await patiently(partial(self._see_to_all, manifest), patience, "the export of recordings")

    async def _see_to_all(self, manifest: Manifest) -> None:
        """List recordings, and see to each that was not told of yet; in the last list, to those that had expired."""
        self._report.listed = len(self._told) + len(self._expired)
        landing = Landing(self._journal, self._landed, _ROOM * self._places)
        try:
            async with (
                self._list_all() as stream,
                anyio.create_task_group() as lanes,
            ):
                for _ in range(LANES):
                    lanes.start_soon(landing.run)
                listed = Listed(stream.batches(), partial(self._write_lines, manifest))
                async with anyio.create_task_group() as workers:
                    for _ in range(self._places):
                        workers.start_soon(self._see_to_some, listed, landing)
                landing.close()
        except BaseExceptionGroup as group:
            raise bare_error(group) from None
        finally:
            await landing.leave()
            self._begun = None  # what was left off now is not among them

    async def _write_lines(self, manifest: Manifest) -> None:
        if len(self._lines) >= _LINES_AT_ONCE:
            lines, self._lines = self._lines, []
            await carry_out(partial(manifest.write, lines))

    async def _see_to_some(self, listed: Listed, landing: Landing) -> None:
        """See to recordings, one after the other, while there are any."""
        while (raw := await listed.next()) is not None:
            record_id = msgspec.json.decode(raw, type=_Key).id
            if record_id not in self._told and (record_id in self._expired) is self._is_last_list:
                await self._see_to(raw, record_id, landing)

    async def _see_to(self, raw: msgspec.Raw, record_id: int, landing: Landing) -> None:
        self._report.listed += not self._is_last_list
        try:
            recording = _RECORDING.decode(raw)
        except msgspec.ValidationError:
            # Its text may be the record's.
            landing.take(Audio(record_id, "failed", error="the record does not fit its type"), raw)
            return
        before = self._journal.state.audio.get(recording.id)
        if before is not None and await self._is_there(before):
            self._report.kept += 1
            self._tell_of(before, raw)
            return
        await landing.has_room()
        landing.take(await self._fetcher.fetch(recording, self._begun), raw)

    def _landed(self, audio: Audio, raw: msgspec.Raw) -> None:
        if audio.status == "done":
            self._report.downloaded += 1
            self._report.bytes_written += audio.bytes
        if audio.status == "expired" and not self._is_last_list:
            self._expired[audio.id] = audio
            return
        self._tell_of(audio, raw)

    def _tell_of(self, audio: Audio, raw: msgspec.Raw) -> None:
        self._expired.pop(audio.id, None)
        self._told.add(audio.id)
        self._count(audio)
        self._lines.append((audio, raw))

    async def _is_there(self, audio: Audio) -> bool:
        if audio.status != "done" or audio.file is None:
            return False
        stamp = self._stamps.get(audio.file)
        if stamp is None or stamp.size != audio.bytes:
            return False
        if stamp.mark == audio.mark:
            return True
        if await carry_out(partial(digest_of, self._destination, audio.file)) != audio.sha256:
            return False
        # Known by its new mark from now on: the journal is written anew in the end.
        self._journal.state.take(msgspec.structs.replace(audio, mark=stamp.mark))
        return True

    def _count(self, audio: Audio) -> None:
        report = self._report
        match audio.status:
            case "expired":
                report.expired += 1
            case "missing":
                report.missing += 1
            case "failed":
                report.failed += 1
            case "no audio":
                report.without_audio += 1
            case "done":
                pass
        self._tell()

    def _tell(self) -> None:
        self._report.retries = self._fetcher.retries
        self._report.seconds = time.monotonic() - self._began
        if self._progress is not None:
            self._progress(self._report)
