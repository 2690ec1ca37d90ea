"""Watching: messages that appear or change, found by their own bytes, none lost, at almost no cost."""

from kauneonga_async.watching.changes import MessageChange
from kauneonga_async.watching.cursor import Cursor, Entry, MemoryCursor, Position
from kauneonga_async.watching.handover import Taker
from kauneonga_async.watching.report import WatchReport
from kauneonga_async.watching.run import Terms, WatchRun
from kauneonga_async.watching.sqlite_cursor import SqliteCursor, account_key
from kauneonga_async.watching.tiers import LookBack, read_look_back
from kauneonga_async.watching.watch import Watch, check_cursor, check_start

__all__ = [
    "Cursor",
    "Entry",
    "LookBack",
    "MemoryCursor",
    "MessageChange",
    "Position",
    "SqliteCursor",
    "Taker",
    "Terms",
    "Watch",
    "WatchReport",
    "WatchRun",
    "account_key",
    "check_cursor",
    "check_start",
    "read_look_back",
]
