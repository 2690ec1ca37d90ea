"""Reading exports back, as their users would."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import zstandard


def parts_of(folder: Path) -> list[Path]:
    """What readers of a folder look at: all but what begins with a line or a dot."""
    return sorted(path for path in folder.iterdir() if path.name[0] not in "_.")


def lines_in(folder: Path) -> list[bytes]:
    """The records of JSON Lines, compressed or not."""
    return [line for path in parts_of(folder) for line in content(path).splitlines()]


def ids_in(folder: Path) -> list[int]:
    """The ids of all records, whatever they were written as."""
    return [record_id for path in parts_of(folder) for record_id in _ids(path)]


def content(path: Path) -> bytes:
    data = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(data)
    if path.suffix == ".zst":
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return data


def _ids(path: Path) -> list[int]:
    if ".csv" in path.name:
        return [int(row["id"]) for row in csv.DictReader(io.StringIO(content(path).decode("utf-8-sig"), newline=""))]
    if ".jsonl" in path.name:
        return [json.loads(line)["id"] for line in content(path).splitlines()]
    from pyarrow import parquet  # noqa: PLC0415 - a second to import, and most tests need it not

    ids: list[int] = parquet.read_table(path, columns=["id"])["id"].to_pylist()
    return ids
