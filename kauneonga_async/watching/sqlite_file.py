"""SqliteFile: the file of a cursor: its schema, its lock, its transactions. Blocking: to be called in a thread.

Each commit is one flush to the disk (a write-ahead log, synchronous=FULL).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from kauneonga_async.errors import ConfigurationError, DestinationLocked
from kauneonga_async.files import OWNER_ONLY
from kauneonga_async.watching.cursor import Entry, Position

__all__ = ["VERSION", "SqliteFile"]

VERSION: Final = 1
_APPLICATION: Final = 0x6B617563  # "kauc": tells a cursor from other SQLite files
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

_SCHEMA: Final = """
CREATE TABLE positions (
    account TEXT PRIMARY KEY, covered_from INTEGER NOT NULL, complete_until INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE messages (
    account TEXT NOT NULL, id INTEGER NOT NULL, digest BLOB NOT NULL, day INTEGER NOT NULL, PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE INDEX days ON messages (account, day);
"""


class SqliteFile:
    """One file, which several accounts of one process may share.

    Args:
        path: Where it is; it is made when it is first opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._guard = threading.Lock()
        self._holders: dict[str, object] = {}  # by account
        self._connection: sqlite3.Connection | None = None

    def open(self, account: str, holder: object) -> Position | None:
        """Take hold of what is kept of an account, and return how far it has come.

        Args:
            account: The account.
            holder: Whoever will close it.

        Raises:
            DestinationLocked: Another watch has it, in this process or another.
            ConfigurationError: It is no cursor, or a later version of this library wrote it.
            OSError: It cannot be opened.
        """
        with self._guard:
            if account in self._holders:
                raise DestinationLocked(f"cursor: another watch is using {self.path}")
            connection = self._connection or self._connect()
            try:
                with self._translated(), connection:
                    row = connection.execute(
                        "SELECT covered_from, complete_until FROM positions WHERE account = ?", (account,)
                    ).fetchone()
                    if row is None:
                        connection.execute("DELETE FROM messages WHERE account = ?", (account,))
            except BaseException:
                if self._connection is None:
                    connection.close()
                raise
            self._connection = connection
            self._holders[account] = holder
            return None if row is None else Position(*map(_instant, row))

    def accounts(self) -> set[str]:
        """Return the accounts whose position is kept; none if there is no file yet.

        Raises:
            DestinationLocked: Another watch has it, as for the others of :meth:`open`.
        """
        with self._guard:
            if self._connection is None and not self.path.exists():
                return set()
            connection = self._connection or self._connect()
            try:
                with self._translated():
                    return {account for (account,) in connection.execute("SELECT account FROM positions")}
            finally:
                if self._connection is None:
                    connection.close()

    def digests(self, account: str, ids: Sequence[int]) -> dict[int, bytes]:
        """Return the digests of those messages that are known."""
        with self._guard, self._translated():
            found = self._opened().execute(
                "SELECT id, digest FROM messages WHERE account = ? AND id IN (SELECT value FROM json_each(?))",
                (account, msgspec.json.encode(list(ids)).decode()),
            )
            return dict(found.fetchall())

    def save(self, account: str, entries: Sequence[Entry], position: Position | None) -> None:
        """Keep entries and position, all of it or nothing."""
        with self._guard, self._translated():
            connection = self._opened()
            with connection:
                connection.executemany(
                    "INSERT OR REPLACE INTO messages VALUES (?, ?, ?, ?)",
                    [(account, entry.id, entry.digest, entry.day.toordinal()) for entry in entries],
                )
                if position is not None:
                    connection.execute(
                        "INSERT OR REPLACE INTO positions VALUES (?, ?, ?)",
                        (account, _number(position.covered_from), _number(position.complete_until)),
                    )
                    first = position.covered_from.astimezone(UTC).toordinal()
                    connection.execute("DELETE FROM messages WHERE account = ? AND day < ?", (account, first))

    def close(self, account: str, holder: object) -> None:
        """Let go of what is kept of an account, if this is who holds it, and of the file with the last."""
        with self._guard:
            if self._holders.get(account) is not holder:
                return
            del self._holders[account]
            if self._connection is not None and not self._holders:
                connection, self._connection = self._connection, None
                with self._translated():
                    connection.close()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            raise RuntimeError("the cursor is not open")
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        # Opened only to be made: to close a second descriptor of a file gives up all locks that this process has on
        # it, and so those of SQLite (fcntl's rule).
        try:
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY))
        except FileExistsError:
            self._check_kind()
        with self._translated():
            # Threads take turns, by the guard.
            connection = sqlite3.connect(self.path, timeout=0, check_same_thread=False)
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
        return connection

    def _check_kind(self) -> None:
        try:
            mode = self.path.stat().st_mode
        except FileNotFoundError:
            raise ConfigurationError(f"cursor: {self.path} is a symbolic link that leads nowhere") from None
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "no regular file"
            raise ConfigurationError(f"cursor: {self.path} is {kind}; a file is needed")

    def _keep_to_owner(self) -> None:
        # SQLite has given its log the mode that the file had until now; it is beside the file that a link leads to.
        real = self.path.resolve()
        for path in (real, Path(f"{real}-wal")):
            with contextlib.suppress(FileNotFoundError):
                path.chmod(OWNER_ONLY)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        # Before anything is read: from then on the lock is kept until the file is closed.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN EXCLUSIVE")
        application, version, tables = (
            connection.execute(query).fetchone()[0]
            for query in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
        )
        if application == 0 and tables == 0:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        elif application != _APPLICATION:
            raise ConfigurationError(f"cursor: {self.path} is a database of something else")
        elif version > VERSION:
            raise ConfigurationError(
                f"cursor: a later version of kauneonga_async wrote {self.path} (version {version}, and this one knows "
                f"up to {VERSION}): install that, or choose another file"
            )
        self._keep_to_owner()
        connection.commit()
        connection.execute("PRAGMA journal_mode = WAL")

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname.startswith("SQLITE_BUSY"):
                raise DestinationLocked(f"cursor: another watch is using {self.path}") from None
            raise OSError(None, f"the cursor cannot be used: {error}", str(self.path)) from error
        except sqlite3.DatabaseError as error:
            raise ConfigurationError(f"cursor: {self.path} is no cursor, or is damaged: {error}") from error


def _number(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def _instant(number: int) -> datetime:
    return _EPOCH + number * _MICROSECOND
