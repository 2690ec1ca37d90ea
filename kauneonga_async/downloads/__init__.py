"""Downloads: the audio of recordings, to files."""

from kauneonga_async.downloads.audio import audio_url, destination
from kauneonga_async.downloads.download import Download, Verified
from kauneonga_async.downloads.probe import probe

__all__ = ["Download", "Verified", "audio_url", "destination", "probe"]
