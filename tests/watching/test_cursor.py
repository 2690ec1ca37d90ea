"""What a cursor keeps, and what it does not; the same for every kind of it, and what is a file's alone."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kauneonga_async import Cursor, MemoryCursor, SqliteCursor, errors
from kauneonga_async.watching import Entry, Position

START = datetime(2025, 3, 1, tzinfo=UTC)
POSITION = Position(START, START + timedelta(days=2))
ENTRY = Entry(7, b"0123456789abcdef", date(2025, 3, 2))


@pytest.fixture(params=["memory", "sqlite"])
def cursor(request: pytest.FixtureRequest, tmp_path: Path) -> Cursor:
    return MemoryCursor() if request.param == "memory" else SqliteCursor(tmp_path / "cursor.db")


async def test_what_was_saved_is_there_when_it_is_opened_again(cursor: Cursor) -> None:
    assert await cursor.open() is None
    await cursor.save([ENTRY], POSITION)
    await cursor.save([Entry(8, b"8" * 16, date(2025, 3, 2))])
    await cursor.close()
    assert await cursor.open() == POSITION
    assert await cursor.digests([6, 7, 8]) == {7: ENTRY.digest, 8: b"8" * 16}
    await cursor.close()


async def test_a_new_digest_takes_the_place_of_the_old(cursor: Cursor) -> None:
    await cursor.open()
    await cursor.save([ENTRY], POSITION)
    await cursor.save([ENTRY._replace(digest=b"x" * 16)])
    assert await cursor.digests([7]) == {7: b"x" * 16}
    await cursor.close()


async def test_what_was_kept_before_the_first_position_counts_for_nothing(cursor: Cursor) -> None:
    await cursor.open()
    await cursor.save([ENTRY])
    await cursor.close()
    assert await cursor.open() is None
    assert await cursor.digests([7]) == {}
    await cursor.close()


async def test_days_before_those_covered_are_dropped(cursor: Cursor) -> None:
    await cursor.open()
    await cursor.save([ENTRY, Entry(8, b"8" * 16, date(2025, 3, 5))], POSITION)
    await cursor.save((), Position(START + timedelta(days=3), START + timedelta(days=9)))
    assert await cursor.digests([7, 8]) == {8: b"8" * 16}
    await cursor.close()


async def test_a_second_watch_is_refused_until_the_first_has_ended(cursor: Cursor) -> None:
    await cursor.open()
    with pytest.raises(errors.DestinationLocked):
        await cursor.open()
    await cursor.close()
    await cursor.open()
    await cursor.close()


async def test_more_ids_than_sqlite_takes_parameters(cursor: Cursor) -> None:
    await cursor.open()
    await cursor.save([Entry(number, b"d" * 16, ENTRY.day) for number in range(40_000)], POSITION)
    assert len(await cursor.digests(range(50_000))) == 40_000
    await cursor.close()


async def test_the_files_are_their_owners_alone(tmp_path: Path) -> None:
    old_mask = os.umask(0)
    try:
        cursor = SqliteCursor(tmp_path / "cursor.db")
        await cursor.open()
        await cursor.save([ENTRY], POSITION)
        assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
        await cursor.close()
        assert [path.name for path in tmp_path.iterdir()] == ["cursor.db"]
    finally:
        os.umask(old_mask)


async def test_accounts_in_one_file_do_not_meet(tmp_path: Path) -> None:
    first = SqliteCursor(tmp_path / "cursor.db", "first")
    second = first.for_account("second")
    await first.open()
    await first.save([ENTRY], POSITION)
    assert await second.open() is None
    assert await second.digests([7]) == {}
    await first.close()
    await second.save((), POSITION)
    await second.close()
    again = SqliteCursor(tmp_path / "cursor.db", "first")
    assert await again.open() == POSITION
    await again.close()


async def test_another_process_is_refused_too(tmp_path: Path) -> None:
    path = tmp_path / "cursor.db"
    program = (
        "import asyncio, sys\n"
        "from kauneonga_async import SqliteCursor\n"
        "async def main():\n"
        "    await SqliteCursor(sys.argv[1]).open()\n"
        "    print('open', flush=True)\n"
        "    sys.stdin.read()\n"
        "asyncio.run(main())\n"
    )
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(path), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    assert await other.stdout.readline() == b"open\n"
    cursor = SqliteCursor(path)
    with pytest.raises(errors.DestinationLocked, match=r"cursor\.db"):
        await cursor.open()
    other.send_signal(signal.SIGKILL)
    await other.wait()
    assert await cursor.open() is None
    await cursor.close()


async def test_a_later_versions_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "cursor.db"
    cursor = SqliteCursor(path)
    await cursor.open()
    await cursor.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(errors.ConfigurationError, match="later version"):
        await SqliteCursor(path).open()
    assert path.read_bytes() == before


def make_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE accounts (name TEXT)")
    connection.close()


def make_text(path: Path) -> None:
    path.write_bytes(b"not a database at all, but long enough to be one" * 100)


def make_folder(path: Path) -> None:
    path.mkdir()
    (path / "kept").write_bytes(b"")


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("make", "said"),
    [(make_database, "something else"), (make_text, "no cursor"), (make_folder, "folder"), (make_fifo, "no regular")],
)
async def test_what_is_no_cursor_is_named_and_left_as_it_was(
    tmp_path: Path, make: Callable[[Path], None], said: str
) -> None:
    path = tmp_path / "precious"
    make(path)
    path.chmod(0o755)
    with pytest.raises(errors.ConfigurationError, match=rf"precious.*{said}|{said}.*precious"):
        await SqliteCursor(path).open()
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    assert [found.name for found in tmp_path.iterdir()] == ["precious"]


@pytest.mark.parametrize("make", [make_database, make_text, make_folder, make_fifo])
async def test_a_symbolic_link_to_what_is_no_cursor_is_refused_and_that_left_as_it_was(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    target, link = tmp_path / "precious", tmp_path / "cursor.db"
    make(target)
    target.chmod(0o755)
    link.symlink_to(target)
    with pytest.raises(errors.ConfigurationError, match=r"cursor\.db"):
        await SqliteCursor(link).open()
    assert stat.S_IMODE(target.stat().st_mode) == 0o755
    assert sorted(found.name for found in tmp_path.iterdir()) == ["cursor.db", "precious"]


async def test_a_symbolic_link_that_leads_nowhere_is_refused_and_nothing_made_there(tmp_path: Path) -> None:
    link = tmp_path / "cursor.db"
    link.symlink_to(tmp_path / "target")
    with pytest.raises(errors.ConfigurationError, match=r"cursor\.db is a symbolic link that leads nowhere"):
        await SqliteCursor(link).open()
    assert [found.name for found in tmp_path.iterdir()] == ["cursor.db"]


async def test_a_symbolic_link_to_a_cursor_is_followed(tmp_path: Path) -> None:
    volume, link = tmp_path / "volume", tmp_path / "cursor.db"
    volume.mkdir()
    cursor = SqliteCursor(volume / "real.db")
    await cursor.open()
    await cursor.save([ENTRY], POSITION)
    await cursor.close()
    (volume / "real.db").chmod(0o644)
    link.symlink_to(volume / "real.db")
    linked = SqliteCursor(link)
    assert await linked.open() == POSITION
    await linked.save([ENTRY._replace(id=8)])
    modes = {found.name: stat.S_IMODE(found.stat().st_mode) for found in volume.iterdir()}
    assert modes == {"real.db": 0o600, "real.db-wal": 0o600}
    with pytest.raises(errors.DestinationLocked):
        await cursor.open()
    await linked.close()
    assert link.is_symlink()
    assert sorted(found.name for found in tmp_path.iterdir()) == ["cursor.db", "volume"]


async def test_a_cursor_that_others_could_read_is_its_owners_alone_from_then_on(tmp_path: Path) -> None:
    path = tmp_path / "cursor.db"
    for mode in (0o600, 0o644):  # made anew, and as a copy of it would be
        cursor = SqliteCursor(path)
        await cursor.open()
        await cursor.save([ENTRY], POSITION)
        assert {stat.S_IMODE(found.stat().st_mode) for found in tmp_path.iterdir()} == {0o600}, mode
        await cursor.close()
        path.chmod(0o644)


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        await SqliteCursor(tmp_path / "nowhere" / "cursor.db").open()
