"""Audio: one recording's file, from its URL to its place at the destination, and what became of it."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from kauneonga_async.client import KauneongaClient
from kauneonga_async.downloads import Download
from kauneonga_async.errors import (
    AuthenticationError,
    ClientClosed,
    DestinationLocked,
    KauneongaError,
    NotFound,
    StatusError,
)
from kauneonga_async.exporting.destinations import Destination, Folder, Stamp
from kauneonga_async.exporting.opening import digest_of
from kauneonga_async.exporting.recordings.entries import Audio, Status
from kauneonga_async.models import CallRecording
from kauneonga_async.threads import carry_out

__all__ = ["Fetcher"]

_REFUSED = frozenset({401, 403, 410})  # what a signed URL is answered with once its time is over
_CHUNK = 1024 * 1024  # bytes


class Fetcher:
    """Downloads recordings to a destination.

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
        self.retries = 0
        self._client = client
        self._destination = destination
        self._timeout = timeout
        self._max_retries = max_retries

    async def fetch(self, recording: CallRecording) -> Audio:
        """Download a recording's audio, and return what became of that.

        Raises:
            AuthenticationError: The account's token is refused: none of the others would fare better.
            OSError: The file cannot be written.
        """
        if not recording.recording:
            return Audio(recording.id, "no audio")
        try:
            if isinstance(self._destination, Folder):
                return await self._download(recording, self._destination.path)
            with await carry_out(partial(tempfile.TemporaryDirectory, prefix="kauneonga-")) as staging:
                return await self._download(recording, Path(staging))
        except (AuthenticationError, ClientClosed, DestinationLocked):
            raise
        except NotFound as error:
            return Audio(recording.id, "missing", error=_said(error))
        except StatusError as error:
            status: Status = "expired" if error.status in _REFUSED else "failed"
            return Audio(recording.id, status, error=_said(error))
        except (KauneongaError, ValueError) as error:
            return Audio(recording.id, "failed", error=_said(error))

    async def _download(self, recording: CallRecording, folder: Path) -> Audio:
        download = self._client.call_recordings.downloading(
            recording, folder, timeout=self._timeout, max_retries=self._max_retries
        )
        try:
            path = await download.run()
        finally:
            self.retries += download.retries
        return await carry_out(partial(self._describe, recording.id, path, download))

    def _describe(self, record_id: int, path: Path, download: Download) -> Audio:
        here = Folder(path.parent, "recordings")
        digest = digest_of(here, path.name)
        if isinstance(self._destination, Folder):
            status = path.stat()
            stamp = Stamp(status.st_size, str(status.st_mtime_ns))
        else:
            stamp = self._upload(path)
        return Audio(record_id, "done", path.name, stamp.size, digest, download.verified, mark=stamp.mark)

    def _upload(self, path: Path) -> Stamp:
        part = self._destination.create(path.name)
        try:
            with path.open("rb") as file:
                while data := file.read(_CHUNK):
                    part.write(data)
            return part.commit()
        finally:
            part.discard()


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
