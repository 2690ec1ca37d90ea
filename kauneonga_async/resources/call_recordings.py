"""Call recordings: ``client.call_recordings``."""

from __future__ import annotations

import builtins
import os
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

import msgspec

from kauneonga_async.decoding import record_reader
from kauneonga_async.models import CallRecording
from kauneonga_async.resources.context import Context
from kauneonga_async.streams import Listing, OnInvalid, RecordStream, check_on_invalid

if TYPE_CHECKING:
    from kauneonga_async.downloads import Download

__all__ = ["CallRecordings", "download_of"]

T = TypeVar("T")

PATH = "/v2/call-recordings"


class CallRecordings:
    """Recorded calls: what is known of each, and its audio (API.md, Requests)."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @overload
    def stream(
        self,
        *,
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> RecordStream[CallRecording]: ...
    @overload
    def stream(
        self,
        *,
        record_type: type[T],
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> RecordStream[T]: ...
    def stream(
        self,
        *,
        record_type: Any = CallRecording,
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> RecordStream[Any]:
        """Return a stream of all call recordings.

        Args:
            record_type: :class:`CallRecording`, a subclass of it, a narrower ``msgspec.Struct``, ``dict``, or
                ``msgspec.Raw``.
            on_invalid: ``"raise"``, ``"skip"``, or a callable that is handed each record that does not fit its type.
            timeout: Seconds to the next bytes.
            max_retries: Tries after the first.
            extra_headers: Headers besides the client's own.
        """
        context = self._context
        return context.stream(
            Listing(
                transport=context.transport,
                decoding=context.supervisors.decoding,
                path=PATH,
                reader=record_reader(record_type, "id", None),
                on_invalid=check_on_invalid(on_invalid),
                options=context.transport.options.override(timeout, max_retries, extra_headers),
                calendar=context.calendar,
                finish=msgspec.Raw.copy if record_type is msgspec.Raw else None,
            )
        )

    @overload
    async def list(
        self,
        *,
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> builtins.list[CallRecording]: ...
    @overload
    async def list(
        self,
        *,
        record_type: type[T],
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> builtins.list[T]: ...
    async def list(self, **options: Any) -> builtins.list[Any]:
        """Return all call recordings: a stream, collected; the arguments are :meth:`stream`'s."""
        stream = self.stream(**options)
        del options  # extra headers may be secrets: no frame that waits holds them
        return await stream.collect()

    def download(
        self,
        recording: CallRecording,
        path: str | os.PathLike[str],
        *,
        timeout: float | None = None,
        max_retries: int | None = None,
    ) -> Coroutine[Any, Any, Path]:
        """Download a recording's audio and return the finished file; to be awaited.

        The file appears only whole; what broke off is resumed, now and next time, if the server can tell that it is
        still the same. The token goes to the API's own origin alone, and other hosts may only be public ones.

        Args:
            recording: The recording.
            path: A folder that exists, which receives ``<id>.<ending>``; or the file's own name.
            timeout: Seconds to the next bytes.
            max_retries: Tries after the first.

        Raises:
            TypeError: An argument is of the wrong type.
            ValueError: The recording has no audio at an http or https URL.
            DecodeError: What came is no audio.
            OSError: The file cannot be written.
            DestinationLocked: Somebody else is downloading to the same file.
        """
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"path: a path is needed, not {type(path).__name__}")
        return download_of(self, recording, timeout=timeout, max_retries=max_retries).run(Path(path))


def download_of(
    recordings: CallRecordings,
    recording: CallRecording,
    *,
    timeout: float | None = None,
    max_retries: int | None = None,
) -> Download:
    """Return what ``recordings.download`` does, not begun yet: for exports, whose files land together."""
    from kauneonga_async.downloads import Download  # noqa: PLC0415 - see Watched

    transport = recordings._context.transport  # noqa: SLF001 - no method, which users would be shown
    return Download(transport, recording, transport.options.override(timeout, max_retries))
