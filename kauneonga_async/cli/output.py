"""Records on stdout: a table on a terminal, JSON Lines in a pipe."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

if TYPE_CHECKING:
    import msgspec
    from rich.table import Table

    from kauneonga_async import RecordStream

__all__ = [
    "Column",
    "fields_of",
    "is_stalled",
    "plain",
    "print_records",
    "print_table",
    "wants_table",
    "write_line",
    "write_lines",
]

# What JSON lets stand and a terminal may take for a command: DEL, C1 controls, and marks that turn the direction.
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_JOINERS = "\u200c\u200d"  # which emoji and some scripts need

_NARROWEST: Final = 4  # characters of a column whose width is not fixed
_GAP: Final = 2  # between two columns
_PATIENCE: Final = 0.5  # seconds that a slow reader has to take what was begun, which would be cut off otherwise
_writing = threading.Lock()


class _Number:
    """A number as it is written, for Python has none for some of them."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        title: Its title.
        cell: Makes a cell's text of a record.
        share: Its share of the width that fixed columns leave.
        width: Its width in characters, if it is fixed.
        is_number: Whether its cells stand at the right.
    """

    title: str
    cell: Callable[[Mapping[str, Any]], Any]
    share: int = 1
    width: int | None = None
    is_number: bool = False


def wants_table(*, as_json: bool) -> bool:
    """Tell whether records go to a terminal, to be read by people."""
    return not as_json and sys.stdout.isatty()


def plain(value: Any) -> str:
    """Return text that a terminal shows and does not obey, on one line."""
    if value is None:
        return ""
    text = _as_json(value) if isinstance(value, (dict, list)) else str(value)
    return "".join(sign if sign.isprintable() or sign in _JOINERS else " " for sign in text).strip()


def _as_json(value: Any) -> str:
    import msgspec

    try:
        return msgspec.json.encode(value, enc_hook=lambda number: msgspec.Raw(str(number).encode())).decode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can spell and UTF-8 cannot
        return str(value)


def fields_of(record: msgspec.Raw) -> dict[str, Any]:
    """Return a record's fields to be shown by :func:`plain`: numbers as they are written."""
    fields: dict[str, Any] = json.loads(bytes(record), parse_int=_Number, parse_float=_Number)
    return fields


async def print_records(
    make_stream: Callable[[Any], RecordStream[Any]], columns: Sequence[Column], *, as_json: bool, limit: int | None
) -> int:
    """Print the records of a stream; return how many there were.

    Args:
        make_stream: Makes the stream, given the type of its records.
        columns: What a table shows.
        as_json: Whether to print JSON Lines on a terminal too.
        limit: Records after which to stop.
    """
    import msgspec

    table = wants_table(as_json=as_json)
    count = 0
    async with make_stream(msgspec.Raw) as stream:
        async for batch in _limited(stream.batches(), limit):
            if table:
                print_table(list(map(fields_of, batch)), columns, with_header=count == 0)
            else:
                await write_lines(batch)
            count += len(batch)
    if table and not count:
        click.echo("none", err=True)
    return count


async def write_lines(records: list[Any]) -> None:
    """Write raw records to stdout as lines."""
    from anyio import to_thread

    from kauneonga_async.exporting import to_lines

    lines = b"".join(to_lines(records))
    if sys.stdout.isatty():
        text = lines.decode("utf-8", "replace")
        lines = _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode()
    # In a thread: whoever reads the pipe may take his time.
    await to_thread.run_sync(_write, lines)


async def write_line(text: str) -> None:
    """Write text to stdout as a line, in a thread as :func:`write_lines` does."""
    from anyio import to_thread

    line = f"{text}\n".encode(sys.stdout.encoding, sys.stdout.errors or "strict")
    await to_thread.run_sync(_write, line)


def _write(data: bytes) -> None:
    with _writing:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def is_stalled() -> bool:
    """Tell whether a thread still writes lines that nobody takes, after a command has ended."""
    try:
        is_done = _writing.acquire(timeout=_PATIENCE)
    except KeyboardInterrupt:
        return True
    if is_done:
        _writing.release()
    return not is_done


async def _limited(batches: AsyncIterator[list[Any]], limit: int | None) -> AsyncIterator[list[Any]]:
    left = limit
    async for batch in batches:
        if left is not None and len(batch) >= left:
            yield batch[:left]
            return
        yield batch
        if left is not None:
            left -= len(batch)


def print_table(batch: Sequence[Mapping[str, Any]], columns: Sequence[Column], *, with_header: bool) -> None:
    """Print records as rows of a table."""
    from rich.console import Console

    console = Console(highlight=False)
    # Widths that do not depend on the rows: the batches of a long list stand under each other.
    table = _table(batch, columns, console.width, with_header=with_header)
    # A narrow terminal breaks the lines: columns that it has no room for would be left out.
    console.width = max(console.width, sum(column.width or 0 for column in table.columns) + _GAP * (len(columns) - 1))
    console.print(table)


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], width: int, *, with_header: bool) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=with_header, header_style="bold", pad_edge=False, padding=(0, _GAP, 0, 0))
    flexible = width - sum(column.width or 0 for column in columns) - _GAP * (len(columns) - 1)
    shares = sum(column.share for column in columns if column.width is None)
    for column in columns:
        size = column.width or max(_NARROWEST, flexible * column.share // shares)
        side: Any = "right" if column.is_number else "left"
        table.add_column(column.title, width=size, no_wrap=True, overflow="ellipsis", justify=side)
    for row in rows:
        table.add_row(*(Text(plain(column.cell(row))) for column in columns))
    return table
