"""Audio: one recording's file, from its URL to where it is about to land, and what became of it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from kauneonga_async.client import KauneongaClient
from kauneonga_async.downloads import Download, Target, Verified, land
from kauneonga_async.errors import (
    AuthenticationError,
    ClientClosed,
    DestinationLocked,
    KauneongaError,
    NotFound,
    StatusError,
)
from kauneonga_async.exporting.destinations import Destination, Folder, Stamp
from kauneonga_async.exporting.pauses import Patience, patiently
from kauneonga_async.exporting.recordings.entries import Audio, Status
from kauneonga_async.models import CallRecording
from kauneonga_async.resources import download_of
from kauneonga_async.threads import carry_out

__all__ = ["Fetched", "Fetcher"]

_REFUSED = frozenset({401, 403, 410})  # what a signed URL is answered with once its time is over
_CHUNK = 1024 * 1024  # bytes


class Fetched(NamedTuple):
    """Audio that was received, and has but to land.

    Attributes:
        record_id: The recording's.
        target: The file that it becomes.
        verified: What it was checked by.
    """

    record_id: int
    target: Target
    verified: Verified

    def entry(self, mark: str | None = None) -> Audio:
        """Return what is told of it, once it has landed.

        Args:
            mark: What its stamp says, if that is not a file's.
        """
        target = self.target
        mark = str(target.modified) if mark is None else mark
        return Audio(self.record_id, "done", target.path.name, target.size, target.sha256, self.verified, mark=mark)


class Fetcher:
    """Downloads recordings for a destination.

    Args:
        client: The account.
        destination: Where the files go; a folder's are written in it, so that they can be resumed there, others by
            way of a temporary folder.
        timeout: Seconds to the next bytes.
        max_retries: Tries after the first.

    Attributes:
        retries: Tries after the first, of all downloads.
    """

    def __init__(
        self, client: KauneongaClient, destination: Destination, timeout: float | None, max_retries: int | None
    ) -> None:
        self.retries: int = 0
        self._client = client
        self._destination = destination
        self._timeout = timeout
        self._max_retries = max_retries
        self._received = 0
        self._patience = Patience(lambda: self._received)

    async def fetch(self, recording: CallRecording, begun: Container[str] | None) -> Audio | Fetched:
        """Download a recording's audio, and return what became of that, or what has but to land.

        A server that asks for patience is waited for: all recordings together for an hour, in which none comes.

        Args:
            recording: The recording.
            begun: The names of files of which there may be a part in the folder; None if that is not known.

        Raises:
            AuthenticationError: The account's token is refused: none of the others would fare better.
            OSError: The file cannot be written.
        """
        if not recording.recording:
            return Audio(recording.id, "no audio")
        try:
            if isinstance(self._destination, Folder):
                return await self._receive(recording, self._destination.path, begun)
            async with _staging() as folder:
                fetched = await self._receive(recording, folder, ())
                return await carry_out(partial(self._upload, fetched))
        except (AuthenticationError, ClientClosed, DestinationLocked):
            raise
        except NotFound as error:
            return Audio(recording.id, "missing", error=_said(error))
        except StatusError as error:
            status: Status = "expired" if error.status in _REFUSED else "failed"
            return Audio(recording.id, status, error=_said(error))
        except (KauneongaError, ValueError) as error:
            return Audio(recording.id, "failed", error=_said(error))

    async def _receive(self, recording: CallRecording, folder: Path, begun: Container[str] | None) -> Fetched:
        download: Download = download_of(
            self._client.call_recordings, recording, timeout=self._timeout, max_retries=self._max_retries
        )
        target = download.target_in(folder)
        if begun is None or target.path.name in begun:
            await carry_out(target.look)
        try:
            await patiently(partial(download.receive, target), self._patience, f"recording {recording.id}")
        finally:
            self.retries += download.retries
        self._received += 1
        return Fetched(recording.id, target, download.verified)

    def _upload(self, fetched: Fetched) -> Audio:
        target = fetched.target
        land([target])
        if target.error is not None:
            raise target.error
        part = self._destination.create(target.path.name)
        try:
            with target.path.open("rb") as file:
                while data := file.read(_CHUNK):
                    part.write(data)
            stamp: Stamp = part.commit()
        finally:
            part.discard()
        return fetched.entry(stamp.mark)


@asynccontextmanager
async def _staging() -> AsyncIterator[Path]:
    made: list[tempfile.TemporaryDirectory[str]] = []  # known at once, whatever becomes of the call
    try:
        await carry_out(lambda: made.append(tempfile.TemporaryDirectory(prefix="kauneonga-")))
        yield Path(made[0].name)
    finally:
        for folder in made:
            await carry_out(folder.cleanup)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
