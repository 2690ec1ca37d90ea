"""Download: one recording's audio, resumed where it broke off, and checked before it gets its name."""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Literal

from yarl import URL

from kauneonga_async import config
from kauneonga_async.downloads.audio import (
    audio_url,
    bare,
    check_magic,
    destination,
    digests_of,
    validator_of,
)
from kauneonga_async.downloads.request import MOST_REDIRECTS, REDIRECTS, audio_request, target_of
from kauneonga_async.downloads.sidecar import Origin, Sidecar
from kauneonga_async.errors import ConnectionFailed, DecodeError, KauneongaError, StatusError
from kauneonga_async.files import AtomicFile
from kauneonga_async.models import CallRecording
from kauneonga_async.threads import carry_out
from kauneonga_async.transport import Answer, Request, Transport

__all__ = ["Download", "Verified"]

Verified = Literal["digest", "length", "nothing"]

_WRITTEN_AT_ONCE = 1024 * 1024  # bytes
_WHOLE, _NOT_SATISFIABLE = 200, 416

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


class Download:
    """One download, over all its tries.

    Args:
        transport: The account's calls; the token goes to the API's own origin alone.
        recording: Whose audio.
        path: A folder, or the file's own name.
        options: Timeout (to the next bytes), retries and headers.

    Attributes:
        verified: What the finished file was checked by: a digest or the length that the server told, or nothing.
        retries: Tries after the first.
    """

    def __init__(self, transport: Transport, recording: CallRecording, path: Path, options: config.CallOptions) -> None:
        self._transport = transport
        self._url = audio_url(recording)
        self._id = recording.id
        self._recording = recording
        self._path = path
        self._options = options
        self._sidecar: Sidecar  # from when the file's name is settled
        self._kept = 0  # bytes of the part that may be gone on from
        self._file: AtomicFile | None = None  # the part, while it is written
        self.verified: Verified = "nothing"
        self.retries = 0

    async def run(self) -> Path:
        """Download, and return the finished file.

        Raises:
            KauneongaError: The audio cannot be had, or is none.
            OSError: The file cannot be written. What can be resumed stays beside it for the next time.
        """
        await carry_out(self._prepare)
        url = self._url
        for _ in range(MOST_REDIRECTS + 1):
            target = await self._follow(url)
            if target is None:
                return self._path
            url = target
        raise StatusError(f"recording {self._id}: more than {MOST_REDIRECTS} redirects", status=302, method="GET")

    async def _follow(self, url: URL) -> URL | None:
        """Ask one place; again, whatever its retries, as long as each time brings the download a good way on."""
        while True:
            kept, request = self._kept, self._request(url)
            try:
                return await self._transport.send(request, self._read)
            except ConnectionFailed as error:
                progressed = self._kept >= kept + config.PROGRESS_BYTES
                if error.phase != "body" or not progressed or not self._options.max_retries:
                    raise
                self.retries += 1
            finally:
                self.retries += max(0, request.attempts - 1)

    @property
    def _part(self) -> Path:
        return self._path.with_name(self._path.name + ".part")

    def _request(self, url: URL) -> Request:
        return audio_request(self._transport, self._id, url, self._options, self._headers_of_resuming)

    def _headers_of_resuming(self) -> dict[str, str]:
        origin = self._sidecar.origin
        if not self._kept or origin is None:
            return {}
        return {"Range": f"bytes={self._kept}-", "If-Range": origin.validator}

    async def _read(self, answer: Answer) -> URL | None:
        """Read one answer; return where it redirects to, or None when the file is finished."""
        if answer.status in REDIRECTS:
            return target_of(answer)
        if answer.status == _NOT_SATISFIABLE:
            await self._start_over_unless_complete(answer)
            return None
        begin = self._begin_of(answer)
        length = answer.headers.get("Content-Length", "")
        expected = begin + int(length) if re.fullmatch(r"[0-9]{1,18}", length) else None
        self._check_size(expected or begin)
        if begin == 0:
            self._kept = 0
        try:
            await carry_out(partial(self._open, begin, expected, validator_of(answer)))
            rest = await self._receive(answer)
            # In one go: most recordings are small, and each step into a thread costs as much as all of these do.
            await carry_out(partial(self._finish, rest, expected, answer))
        except BaseException:
            await carry_out(self._leave)
            raise
        return None

    def _begin_of(self, answer: Answer) -> int:
        """Return where the answer's bytes belong in the file."""
        if answer.status == _WHOLE:
            return 0
        found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if not self._kept or found is None or int(found.group(1)) != self._kept:
            raise DecodeError(f"{answer}: it is a part of the audio that was not asked for")
        return self._kept

    async def _start_over_unless_complete(self, answer: Answer) -> None:
        """Take what is there for the whole only if it has exactly the size of the whole."""
        found = re.fullmatch(r"bytes \*/(\d{1,18})", answer.headers.get("Content-Range", ""))
        if not self._kept or found is None or int(found.group(1)) != self._kept:
            self._kept = 0
            raise ConnectionFailed(f"{answer}: what was downloaded before is not a beginning of it", phase="body")
        try:
            await carry_out(partial(self._open, self._kept, self._kept, None))
            await carry_out(self._commit)
        except BaseException:
            await carry_out(self._leave)
            raise

    async def _receive(self, answer: Answer) -> bytes:
        """Write the body to the file but for its last bytes, and return those."""
        pending: list[bytes] = []
        size = 0
        while True:
            try:
                data = await answer.read()
            except KauneongaError:
                data = b""
                await self._write(pending)
                raise
            pending.append(data)
            size += len(data)
            self._check_size(self._kept + size)
            if self._kept == 0 and (not data or size >= _WRITTEN_AT_ONCE):
                check_magic(b"".join(pending)[:16], answer)
            if not data:
                return b"".join(pending)
            if size >= _WRITTEN_AT_ONCE:
                await self._write(pending)
                size = 0
                await carry_out(self._sidecar.keep)

    async def _write(self, pending: list[bytes]) -> None:
        data = b"".join(pending)
        pending.clear()
        await carry_out(partial(self._append, data))

    def _check_size(self, size: int) -> None:
        if size > config.LARGEST_RECORDING:
            raise DecodeError(f"recording {self._id}: it is larger than {config.LARGEST_RECORDING:,} bytes")

    # What follows is blocking, and runs in threads.

    def _prepare(self) -> None:
        """Settle the file's name, and look for what is there of it."""
        self._path = destination(self._recording, self._path, self._url)
        self._look_for_part()

    def _look_for_part(self) -> None:
        self._sidecar = Sidecar(self._part)
        self._sidecar.look()
        origin = self._sidecar.origin
        if origin is not None and origin.url == bare(self._url):
            self._kept = self._sidecar.proven

    def _open(self, begin: int, expected: int | None, validator: str | None) -> None:
        free = shutil.disk_usage(self._path.parent).free
        if expected is not None and expected - begin > free:
            raise OSError(errno.ENOSPC, f"recording {self._id} needs {expected - begin:,} bytes, and {free:,} are free")
        self._file = AtomicFile(self._path, part=self._part, keep=begin)
        if begin == 0:
            self._sidecar.begin(Origin(bare(self._url), validator) if validator else None)

    def _append(self, data: bytes) -> None:
        self._opened.write(data)
        self._sidecar.note(data)
        self._kept += len(data)

    @property
    def _opened(self) -> AtomicFile:
        assert self._file is not None
        return self._file

    def _finish(self, rest: bytes, expected: int | None, answer: Answer) -> None:
        """Write the last bytes, check the whole, and let it appear."""
        self._append(rest)
        if expected is not None and self._kept != expected:
            raise ConnectionFailed(f"{answer}: {self._kept:,} of {expected:,} bytes came", phase="body")
        self.verified = "nothing" if expected is None else "length"
        self._verify(answer.headers, answer.status)
        self._commit()

    def _commit(self) -> None:
        # First: once the file is there nobody comes back for it.
        self._sidecar.forget()
        self._opened.commit()

    def _verify(self, headers: Mapping[str, str], status: int) -> None:
        """Compare the file with the digests that the server offers (RFC 9530; Content-MD5 of RFC 1864)."""
        for name, expected in digests_of(headers, whole=status == _WHOLE):
            with self._part.open("rb") as file:
                found = hashlib.file_digest(file, name).digest()
            if found != expected:
                self._kept = 0
                raise ConnectionFailed(f"recording {self._id}: its {name} digest is not the server's", phase="body")
            self.verified = "digest"

    def _leave(self) -> None:
        """Keep what can be resumed, and nothing else."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            if self._sidecar.origin is None or not self._kept:
                self._kept = 0
                file.discard()
                self._sidecar.forget()
            elif file.is_open:
                self._sidecar.keep()
        finally:
            file.close()
