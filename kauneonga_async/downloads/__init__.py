"""Downloads: the audio of recordings, to files."""

from kauneonga_async.downloads.audio import audio_url, destination
from kauneonga_async.downloads.download import Download, Verified

__all__ = ["Download", "Verified", "audio_url", "destination"]
