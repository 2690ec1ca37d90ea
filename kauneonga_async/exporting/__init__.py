"""Exports: a range of messages to files that are whole, or not there."""

from kauneonga_async.exporting.export import export_messages
from kauneonga_async.exporting.formats import to_lines
from kauneonga_async.exporting.report import ExportReport
from kauneonga_async.exporting.verify import VerifyReport, verify_export

__all__ = ["ExportReport", "VerifyReport", "export_messages", "to_lines", "verify_export"]
