"""A cursor's file, copied at arbitrary moments, its log torn: it opens, and tells of no more than was saved."""

from __future__ import annotations

import random
import sqlite3
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from kauneonga_async.watching.cursor import Entry, Position
from kauneonga_async.watching.sqlite_file import SqliteFile
from tests.crashes.disk import Content, Image

START = datetime(2025, 1, 1, tzinfo=UTC)
SAVES = 12
SECTOR = 512  # bytes
LOG = "cursor.db-wal"


def saved(number: int) -> tuple[list[Entry], Position]:
    """What the save of this number keeps; message 0 is of all of them, so that a mixture shows."""
    digest = number.to_bytes(16, "big")
    entries = [Entry(record_id, digest, date(2025, 1, 1)) for record_id in (0, number)]
    return entries, Position(START, START + timedelta(seconds=number))


def tear(data: bytes, safe: int, chance: random.Random) -> bytes:
    """Lose some of what was not flushed: the end, or sectors."""
    torn = bytearray(data[: chance.randint(safe, len(data))] if chance.random() < 0.5 else data)
    for sector in range(-(-safe // SECTOR), len(torn) // SECTOR):
        if chance.random() < 0.2:
            torn[sector * SECTOR : (sector + 1) * SECTOR] = bytes(SECTOR)
    return bytes(torn)


@pytest.mark.parametrize("seed", range(4))
def test_a_copy_of_whatever_moment_opens_and_tells_of_no_more_than_was_saved(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    running, copied = tmp_path / "running", tmp_path / "copied"
    running.mkdir()
    file, holder = SqliteFile(running / "cursor.db"), object()
    assert file.open("a", holder) is None
    moments = [Image.of(running)]
    for number in range(1, SAVES):
        file.save("a", *saved(number))
        moments.append(Image.of(running))
    file.close("a", holder)
    opened = 0
    for number, (before, moment) in enumerate(pairwise(moments)):
        for attempt in range(3):
            # While the save of the next number is under way: what the one before flushed is safe.
            safe = len(before.files[LOG].data) if LOG in before.files else 0
            log = moment.files[LOG]
            folder = copied / f"{number} {attempt}"
            folder.mkdir(parents=True)
            Image({**moment.files, LOG: Content(tear(log.data, safe, chance), log.modified)}).write(folder)
            check(folder / "cursor.db", number)
            opened += 1
    assert opened == 3 * (SAVES - 1)


def check(path: Path, number: int) -> None:
    """All of that save is there, or all of the next one."""
    file, holder = SqliteFile(path), object()
    position = file.open("a", holder)
    reached = 0 if position is None else round((position.complete_until - START).total_seconds())
    assert reached in (number, number + 1)
    known = file.digests("a", range(SAVES))
    assert set(known) == (set(range(reached + 1)) if reached else set())
    assert not reached or known[0] == known[reached] == reached.to_bytes(16, "big")
    file.close("a", holder)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
