"""Formats: message records -> the bytes of a part file, and its ids read back. CPU work alone, for threads."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec

from kauneonga_async.errors import ConfigurationError
from kauneonga_async.exporting.formats.cells import restore_cell
from kauneonga_async.exporting.formats.compression import COMPRESSIONS
from kauneonga_async.exporting.formats.format import Encoder, Format, Write
from kauneonga_async.exporting.formats.json_lines import JsonLines, to_lines

__all__ = ["FORMATS", "Encoder", "Format", "JsonLines", "Write", "format_named", "restore_cell", "to_lines"]

FORMATS = ("jsonl", "csv", "parquet")


def format_named(name: str, compression: str | None = None, *, answers: Sequence[str] = ()) -> Format:
    """Return a format.

    Args:
        name: ``"jsonl"``, the server's own bytes, a record a line; ``"csv"``, for spreadsheets; or ``"parquet"``,
            for which the extra of that name is needed.
        compression: None, ``"gz"`` or ``"zst"`` (extra ``zstd``); None for Parquet, which compresses by itself.
        answers: The custom answers that are to have columns of their own in CSV.

    Raises:
        TypeError: An argument is of the wrong type.
        ConfigurationError: There is no such format or compression, they do not go together, or an extra is missing.
    """
    _check_types(name, compression, answers)
    if name not in FORMATS:
        raise ConfigurationError(f"format: {name!r} is none of {', '.join(FORMATS)}")
    if compression not in (None, *COMPRESSIONS):
        raise ConfigurationError(f"compression: {compression!r} is none of {', '.join(COMPRESSIONS)}")
    if answers and name != "csv":
        raise ConfigurationError(f"answers: only csv gives answers columns of their own, {name} keeps them together")
    if compression == "zst" and not _is_installed("zstandard"):
        raise ConfigurationError("compression: zst needs zstandard: pip install 'kauneonga-async[zstd]'")
    if name == "jsonl":
        return JsonLines(compression)
    if name == "csv":
        from kauneonga_async.exporting.formats.comma_separated import Csv

        return Csv(compression, answers)
    if compression is not None:
        raise ConfigurationError("compression: parquet compresses its columns itself, with zstd")
    if not _is_installed("pyarrow"):
        raise ConfigurationError("format: parquet needs pyarrow: pip install 'kauneonga-async[parquet]'")
    from kauneonga_async.exporting.formats.parquet import Parquet

    return Parquet()


def _check_types(name: object, compression: object, answers: Sequence[object]) -> None:
    for argument, value in (("format", name), ("compression", compression or "")):
        if not isinstance(value, str):
            raise TypeError(f"{argument}: a string is needed, not {type(value).__name__}")
    if isinstance(answers, str) or not all(isinstance(answer, str) for answer in answers):
        raise TypeError("answers: a sequence of names is needed")


def _is_installed(module: str) -> bool:
    """Tell whether a module is there, without the time that it takes to load it."""
    return sys.modules[module] is not None if module in sys.modules else find_spec(module) is not None
