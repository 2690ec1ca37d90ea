"""CSV: the same columns in every part, for spreadsheets: UTF-8 with a byte-order mark, CRLF, no formulas."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from kauneonga_async.exporting.formats.blocks import Blocks
from kauneonga_async.exporting.formats.cells import quoted
from kauneonga_async.exporting.formats.compression import Compressor, compressor, opened
from kauneonga_async.exporting.formats.csv_rows import CsvRows
from kauneonga_async.exporting.formats.format import Encoder, Write

__all__ = ["Csv"]

_BLOCK = 1024 * 1024  # bytes
_MARK = b"\xef\xbb\xbf"
# A row, its first cell apart; a quotation mark that stands doubled ends one quotation and begins the next.
_ROW = re.compile(rb'([^",\r\n]*+),(?:[^"\r\n]++|"[^"]*+")*+\r\n')


class Csv:
    """CSV, compressed or not.

    The columns are the fields of :class:`~kauneonga_async.Message`, in its order, but that the answers asked for come
    as ``answers.<name>`` before ``answers``, which holds the others as JSON; and last ``_extra``, a JSON object of the
    fields that the model does not know. They are the same in every part, whatever it holds.

    Text is as the server wrote it, but for formulas (:func:`restore_cell`); numbers, times and ``true`` or ``false``
    are spelt as in JSON, and so are arrays and objects. Null, or no value, is an empty cell, and empty text ``""``,
    which only some readers tell apart.

    Args:
        compression: None, ``"gz"`` or ``"zst"``.
        answers: The answers that are to have a column of their own.
    """

    name = "csv"
    at_once: int | None = None

    def __init__(self, compression: str | None = None, answers: Sequence[str] = ()) -> None:
        self._compression = compression
        self._rows = CsvRows(answers)
        self.ending: str = f".csv.{compression}" if compression else ".csv"

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in their order."""
        return self._rows.columns

    def encoder(self, write: Write) -> Encoder:
        """Return the encoder of a new part."""
        if self._compression is None:
            return _Encoder(write, None, self._rows)
        compressed = compressor(self._compression, write)
        return _Encoder(compressed.write, compressed, self._rows)

    def ids(self, file: BinaryIO) -> Iterator[int]:
        """Yield the ids of a finished part."""
        content = opened(file, self._compression)
        waiting = b""
        is_header = True
        while block := content.read(_BLOCK):
            waiting += block
            end = 0
            # The csv module would refuse cells of more than 128 KiB, and its limit is the whole process's.
            while row := _ROW.match(waiting, end):
                if not is_header and row[1]:
                    yield int(row[1])
                is_header = False
                end = row.end()
            waiting = waiting[end:]


class _Encoder:
    def __init__(self, write: Callable[[bytes], object], compressed: Compressor | None, rows: CsvRows) -> None:
        self._write = write
        self._compressed = compressed
        self._rows = rows
        self._blocks = Blocks()
        self._is_new = True

    def add(self, records: Sequence[bytes]) -> None:
        for block in self._blocks.add(records):
            self._write_block(block)

    def finish(self) -> None:
        self._write_block(self._blocks.rest())
        if self._compressed:
            self._compressed.finish()

    def _write_block(self, block: bytes) -> None:
        if self._is_new:
            self._write(_MARK + _line(quoted(self._rows.columns)))
            self._is_new = False
        if block:
            self._write(b"".join(map(_line, zip(*map(quoted, self._rows.cells(block)), strict=True))))


def _line(cells: Sequence[str]) -> bytes:
    return ",".join(cells).encode() + b"\r\n"
