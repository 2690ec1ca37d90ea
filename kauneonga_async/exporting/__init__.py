"""Exports: messages, recordings and to-dos to files that are whole, or not there."""

from kauneonga_async.exporting.engine import Carry, Delivery, Engine, Order
from kauneonga_async.exporting.export import export_messages
from kauneonga_async.exporting.formats import restore_cell, to_lines
from kauneonga_async.exporting.fulfil import fulfil
from kauneonga_async.exporting.recordings import RecordingsReport, export_recordings
from kauneonga_async.exporting.report import ExportReport
from kauneonga_async.exporting.to_dos import export_to_dos
from kauneonga_async.exporting.verify import VerifyReport, verify_export

__all__ = [
    "Carry",
    "Delivery",
    "Engine",
    "ExportReport",
    "Order",
    "RecordingsReport",
    "VerifyReport",
    "export_messages",
    "export_recordings",
    "export_to_dos",
    "fulfil",
    "restore_cell",
    "to_lines",
    "verify_export",
]
