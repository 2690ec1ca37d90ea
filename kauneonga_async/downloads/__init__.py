"""Downloads: the audio of recordings, to files."""

from kauneonga_async.downloads.audio import audio_url
from kauneonga_async.downloads.download import Download, Verified
from kauneonga_async.downloads.probe import probe
from kauneonga_async.downloads.sidecar import SIDECAR_ENDING
from kauneonga_async.downloads.target import Target, land

__all__ = ["SIDECAR_ENDING", "Download", "Target", "Verified", "audio_url", "land", "probe"]
