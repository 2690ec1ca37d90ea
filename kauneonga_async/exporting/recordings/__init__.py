"""Recordings: the audio of an account to files, and a manifest that ties each to its call."""

from kauneonga_async.exporting.recordings.export import export_recordings
from kauneonga_async.exporting.recordings.report import RecordingsReport

__all__ = ["RecordingsReport", "export_recordings"]
