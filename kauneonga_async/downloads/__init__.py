"""Downloads: the audio of recordings, to files."""

from kauneonga_async.downloads.audio import audio_url, destination
from kauneonga_async.downloads.download import Download

__all__ = ["Download", "audio_url", "destination"]
