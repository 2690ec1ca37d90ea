"""Probe: the first bytes of a recording's audio, to see that it can be had. Nothing is kept of them."""

from __future__ import annotations

from yarl import URL

from kauneonga_async import config
from kauneonga_async.downloads.audio import audio_url, check_magic
from kauneonga_async.downloads.request import MOST_REDIRECTS, REDIRECTS, audio_request, target_of
from kauneonga_async.errors import StatusError
from kauneonga_async.models import CallRecording
from kauneonga_async.transport import Answer, Transport

__all__ = ["probe"]


async def probe(transport: Transport, recording: CallRecording, options: config.CallOptions) -> bool:
    """Ask for a recording's audio and read its beginning; return whether it is on another host than the API's.

    Args:
        transport: The account's calls.
        recording: Whose audio.
        options: Timeout (to the next bytes), retries and headers.

    Raises:
        KauneongaError: The audio cannot be had, or is none.
        ValueError: The recording has no audio at an http or https URL.
    """
    url = audio_url(recording)
    for _ in range(MOST_REDIRECTS + 1):
        target = await transport.send(audio_request(transport, recording.id, url, options), _read)
        if target is None:
            return url.origin() != transport.base_url.origin()
        url = target
    raise StatusError(f"recording {recording.id}: more than {MOST_REDIRECTS} redirects", status=302, method="GET")


async def _read(answer: Answer) -> URL | None:
    if answer.status in REDIRECTS:
        return target_of(answer)
    check_magic((await answer.read())[:16], answer)
    return None
