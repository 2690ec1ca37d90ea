"""SqliteCursor: a cursor in a SQLite file. All that touches the file happens in a thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from kauneonga_async.errors import DestinationLocked
from kauneonga_async.threads import carry_out
from kauneonga_async.watching.cursor import Entry, Position

if TYPE_CHECKING:
    from kauneonga_async.watching.sqlite_file import SqliteFile

__all__ = ["SqliteCursor", "account_key", "check_path"]


def account_key(base_url: object, name: str | None) -> str:
    """Return what a file keeps an account under: where it is, and its name, if it has one."""
    return f"{base_url} {name}" if name else str(base_url)


def check_path(path: str | Path) -> Path:
    """Return a cursor's path, if it is one.

    Raises:
        ValueError: It is empty: a shell's variable that is not set would mean the current folder.
    """
    if path == "":
        raise ValueError("cursor: a file's path is needed, not ''")
    return Path(path)


class SqliteCursor:
    """Keeps what a watch knows in a file, through crashes and power cuts. It holds digests, ids and days, no text.

    The file is its owner's alone (0600). While a watch uses it nobody else can, in this process or another, except by
    :meth:`for_account`.

    Args:
        path: The file; it is made if it is not there.
        account: Whose messages are meant: one file can serve many accounts.

    Raises:
        ValueError: The path is empty.
        ConfigurationError: From ``open``: it is no cursor, or a later version of this library wrote it; it is left as
            it was.
    """

    def __init__(self, path: str | Path, account: str = "") -> None:
        # Late: a program that watches nothing is spared SQLite.
        from kauneonga_async.watching.sqlite_file import SqliteFile  # noqa: PLC0415

        self._adopt(SqliteFile(check_path(path)), anyio.CapacityLimiter(1), account)

    def _adopt(self, file: SqliteFile, limiter: anyio.CapacityLimiter, account: str) -> None:
        self._file = file
        self._limiter = limiter  # whoever waits for the file does so in the loop, and keeps no thread
        self._account = account
        self._is_open = False

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    def for_account(self, account: str) -> SqliteCursor:
        """Return the cursor of another account in the same file; both can be used at the same time."""
        other = SqliteCursor.__new__(SqliteCursor)
        other._adopt(self._file, self._limiter, account)  # noqa: SLF001 - one of our own kind
        return other

    async def open(self) -> Position | None:
        """Take hold of it; see :class:`Cursor`, as for all that follows."""
        if self._is_open:
            raise DestinationLocked(f"cursor: another watch is using {self._file.path}")
        self._is_open = True
        try:
            return await carry_out(partial(self._file.open, self._account, self), limiter=self._limiter)
        except BaseException:
            await self.close()  # who is cancelled meanwhile never learns that it was opened
            raise

    async def digests(self, ids: Sequence[int]) -> Mapping[int, bytes]:
        """Return the digests of those of the messages that are known."""
        return await carry_out(partial(self._file.digests, self._account, ids), limiter=self._limiter)

    async def save(self, entries: Sequence[Entry], position: Position | None = None) -> None:
        """Keep what is known of messages, and the position, in one transaction."""
        await carry_out(partial(self._file.save, self._account, entries, position), limiter=self._limiter)

    async def close(self) -> None:
        """Let go of it."""
        self._is_open = False
        await carry_out(partial(self._file.close, self._account, self), limiter=self._limiter)

    def __repr__(self) -> str:
        account = f", account={self._account!r}" if self._account else ""
        return f"SqliteCursor({str(self._file.path)!r}{account})"
