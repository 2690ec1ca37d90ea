"""Download: one recording's audio, resumed where it broke off, and checked before it gets its name."""

from __future__ import annotations

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
    file_name,
    validator_of,
)
from kauneonga_async.downloads.piece import NOT_SATISFIABLE, WHOLE, piece_of
from kauneonga_async.downloads.request import MOST_REDIRECTS, REDIRECTS, audio_request, target_of
from kauneonga_async.downloads.target import Target, land
from kauneonga_async.errors import ConnectionFailed, DecodeError, KauneongaError, StatusError
from kauneonga_async.models import CallRecording
from kauneonga_async.threads import carry_out
from kauneonga_async.transport import Answer, Request, Transport

__all__ = ["Download", "Verified"]

Verified = Literal["digest", "length", "nothing"]

_MAGIC = 16  # bytes by which audio is known
_WRITTEN_AT_ONCE = 1024 * 1024  # bytes; smaller recordings stay in memory until they are whole


class Download:
    """One download, over all its tries.

    Args:
        transport: The account's calls; the token goes to the API's own origin alone.
        recording: Whose audio.
        options: Timeout (to the next bytes), retries and headers.

    Attributes:
        verified: What came was checked by: a digest or the length that the server told, or nothing.
        retries: Tries after the first.
    """

    def __init__(self, transport: Transport, recording: CallRecording, options: config.CallOptions) -> None:
        self._transport = transport
        self._url = audio_url(recording)
        self._id = recording.id
        self._options = options
        self._target: Target  # from when it is received
        self._is_short = False  # whether the last answer was a piece behind which there is more
        self.verified: Verified = "nothing"
        self.retries: int = 0

    async def run(self, path: Path) -> Path:
        """Download to a folder that exists, or to the file's own name; return the finished file.

        Raises:
            KauneongaError: The audio cannot be had, or is none.
            OSError: The file cannot be written. What can be resumed stays beside it for the next time.
        """
        target = await carry_out(partial(self._look, path))
        await self.receive(target)
        await carry_out(partial(land, [target]))
        if target.error is not None:
            raise target.error
        return target.path

    def target_in(self, folder: Path) -> Target:
        """Return what the audio becomes in a folder, not looked for yet."""
        return Target(folder / file_name(self._id, self._url), self._id, bare(self._url))

    async def receive(self, target: Target) -> None:
        """Receive all of the audio: what it becomes has but to land, together with others.

        Raises:
            KauneongaError: The audio cannot be had, or is none.
            OSError: The file cannot be written.
        """
        self._target = target
        url = self._url
        try:
            for _ in range(MOST_REDIRECTS + 1):
                next_url = await self._follow(url)
                if next_url is None:
                    return
                url = next_url
            raise StatusError(f"recording {self._id}: more than {MOST_REDIRECTS} redirects", status=302, method="GET")
        except BaseException:
            # Between two pieces the part stays open.
            await carry_out(target.leave)
            raise

    async def _follow(self, url: URL) -> URL | None:
        """Ask one place; again, whatever its retries, as long as each time brings the download a good way on."""
        while True:
            enough, request = self._target.kept + config.PROGRESS_BYTES, self._request(url)
            try:
                next_url = await self._transport.send(request, self._read)
                if not self._is_short:
                    return next_url
                if self._target.kept < enough:
                    raise ConnectionFailed(f"recording {self._id}: too little of it comes at a time", phase="body")
            except ConnectionFailed as error:
                if error.phase != "body" or self._target.kept < enough or not self._options.max_retries:
                    raise
                self.retries += 1
            finally:
                self.retries += max(0, request.attempts - 1)

    def _look(self, path: Path) -> Target:
        target = Target(destination(self._id, path, self._url), self._id, bare(self._url))
        target.look()
        return target

    def _request(self, url: URL) -> Request:
        return audio_request(self._transport, self._id, url, self._options, self._headers_of_resuming)

    def _headers_of_resuming(self) -> dict[str, str]:
        validator = self._target.validator
        return {"Range": f"bytes={self._target.kept}-", "If-Range": validator} if validator else {}

    async def _read(self, answer: Answer) -> URL | None:
        """Read one answer; return where it redirects to, or None when what it brings is there."""
        self._is_short = False
        if answer.status in REDIRECTS:
            return target_of(answer)
        try:
            begin, end, expected = piece_of(answer, self._target.kept, self._target.validator)
        except KauneongaError:
            # Neither the next try nor the next download is to end in the same way.
            await carry_out(self._target.forget)
            raise
        if answer.status == NOT_SATISFIABLE:
            self._target.expect(begin, expected, None)
            return None
        self._check_size(expected or begin)
        if begin != self._target.kept:
            # It comes from its beginning: what is open ends behind what was kept.
            await carry_out(self._target.leave)
        self._target.expect(begin, expected, validator_of(answer))
        try:
            size = await self._receive(answer)
            if end is not None and size != end:
                await carry_out(self._keep_held if size < end else self._target.forget)
                raise ConnectionFailed(f"{answer}: {size:,} of {end:,} bytes came", phase="body")
            if end != expected:
                self._is_short = True
                await carry_out(self._keep_held)
                return None
            self.verified = "nothing" if expected is None else "length"
            await self._verify(answer)
        except BaseException:
            await carry_out(self._target.leave)
            raise
        return None

    def _keep_held(self) -> None:
        self._target.append_held()
        self._target.keep()

    async def _receive(self, answer: Answer) -> int:
        """Append the body to the file but for its last bytes, which it holds, and return how many there are in all."""
        target = self._target
        pending: list[bytes] = []
        size, is_audio = 0, target.kept > 0
        while True:
            try:
                data = await answer.read()
            except BaseException:
                # Also where somebody has had enough: he goes on from there.
                if pending and is_audio:
                    await carry_out(partial(target.append, pending))
                raise
            pending.append(data)
            size += len(data)
            self._check_size(target.kept + size)
            if not is_audio and (not data or size >= _MAGIC):
                check_magic(b"".join(piece[:_MAGIC] for piece in pending[:_MAGIC])[:_MAGIC], answer)
                is_audio = True
            if not data:
                target.hold(pending)
                return target.kept + size
            if size >= _WRITTEN_AT_ONCE:
                await carry_out(partial(self._write, pending))
                pending, size = [], 0

    def _write(self, pieces: list[bytes]) -> None:
        self._target.append(pieces)
        self._target.keep()

    def _check_size(self, size: int) -> None:
        if size > config.LARGEST_RECORDING:
            raise DecodeError(f"recording {self._id}: it is larger than {config.LARGEST_RECORDING:,} bytes")

    async def _verify(self, answer: Answer) -> None:
        """Compare what came with the digests that the server offers (RFC 9530; Content-MD5 of RFC 1864)."""
        for name, expected in digests_of(answer.headers, whole=answer.status == WHOLE):
            if not await carry_out(partial(self._target.has_digest, name, expected)):
                self._target.kept = 0
                raise ConnectionFailed(f"recording {self._id}: its {name} digest is not the server's", phase="body")
            self.verified = "digest"
