"""Exports: a range of messages to files that are whole, or not there."""

from kauneonga_async.exporting.export import export_messages
from kauneonga_async.exporting.json_lines import to_lines
from kauneonga_async.exporting.report import ExportReport

__all__ = ["ExportReport", "export_messages", "to_lines"]
