"""``kauneonga watch``: what is new or changed, a line each, or a command run for each."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal

import click

from kauneonga_async.cli.connection import accounts_options, resolve_all
from kauneonga_async.cli.dates import parse_date
from kauneonga_async.cli.help import Command, Option
from kauneonga_async.cli.job import run
from kauneonga_async.cli.messages import COLUMNS
from kauneonga_async.cli.output import Column, fields_of, print_table, wants_table, write_lines
from kauneonga_async.cli.wording import in_the_command_s_words

if TYPE_CHECKING:
    from kauneonga_async import KauneongaClient, MessageChange
    from kauneonga_async.cli.account import Account

__all__ = ["watch"]

# What is done with a change, and the name of its account, if there are several.
Deal = Callable[["MessageChange[Any]", str | None], Awaitable[None]]


def _parse_start(value: str) -> date | Literal["now"]:
    return "now" if value == "now" else parse_date(value)


@click.command(cls=Command, short_help="New and changed messages, as they come")
@click.option("--interval", type=float, metavar="SECONDS", help="From one poll to the next.  [default: 15]")
@click.option(
    "--start",
    type=_parse_start,
    default="now",
    metavar="now|DATE",
    help="From when on messages count.  [default: now]",
)
@click.option(
    "--look-back",
    cls=Option,
    type=click.IntRange(1, 36_525),  # of more, timedelta and the SDK would not hear
    metavar="DAYS",
    help="How old what changes may be.  [default: 2]",
)
@click.option(
    "--cursor",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Keeps what was told of: the next watch goes on there. Without it, each begins anew.",
)
@click.option(
    "--exec",
    "command",
    metavar="CMD",
    help="Run by the shell for each change, given on its stdin; again, until it exits with 0.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON Lines on a terminal, and beside --exec.")
@accounts_options
def watch(
    interval: float | None,
    start: Any,
    look_back: int | None,
    cursor: str | None,
    command: str | None,
    *,
    as_json: bool,
    **connection: Any,
) -> None:
    """Tell of each message that appears or changes, until Ctrl-C or SIGTERM.

    A change is a line, {"kind": "created", "event_id": ..., "message": {...}}, or "updated". Each comes at least once:
    one that was not dealt with when the watch ended comes again, with the same event_id, if there is a --cursor.
    Troubles of the network and the server are outlasted, and told of on stderr.

    Of several accounts (--profile A --profile B, --all-profiles) each line tells which, as {"account": "A", ...}. One
    that is refused is told of and left out; the others go on.
    """
    if command is not None and not command.strip():
        # A shell's variable that is not set: the shell would run nothing for each change, and be done with it.
        raise click.UsageError("--exec: it is empty; give the command to be run for each change, or leave it out")
    run(_watch(interval, start, look_back, cursor, command, as_json, resolve_all(**connection)))


async def _watch(
    interval: float | None,
    start: date | Any,
    look_back: int | None,
    cursor: str | None,
    command: str | None,
    as_json: bool,  # noqa: FBT001 - a private function's
    accounts: Sequence[Account],
) -> None:
    import msgspec

    from kauneonga_async import config

    deal_with: list[Deal] = []
    if command is not None:
        from kauneonga_async.cli.handler import Handler

        deal_with.append(Handler(command).deal_with)
    if command is None or as_json:
        as_table = command is None and wants_table(as_json=as_json)
        deal_with.append(_Printer(as_table=as_table, with_account=len(accounts) > 1).print)
    options = {
        "record_type": msgspec.Raw,
        "interval": config.WATCH_INTERVAL if interval is None else interval,
        "start": start,
        "look_back": config.LOOK_BACK if look_back is None else timedelta(days=look_back),
        "cursor": cursor,
    }
    if sys.stderr.isatty():
        click.echo("(watching; Ctrl-C ends it)", err=True)
    await (_watch_one if len(accounts) == 1 else _watch_all)(accounts, options, deal_with)


async def _watch_one(accounts: Sequence[Account], options: dict[str, Any], deal_with: Sequence[Deal]) -> None:
    from kauneonga_async import SqliteCursor
    from kauneonga_async.watching import account_key

    async with accounts[0].open() as client:
        path = options["cursor"]
        if path is not None:
            # As among several: another profile that is watched too, from now on, makes no difference.
            options["cursor"] = SqliteCursor(path, account_key(client.base_url, accounts[0].name))
        watched = client.messages.watch(**options)
        await _tell_of_new_ones(path, accounts, [client])
        async with watched as changes:
            async for change in changes:
                for deal in deal_with:
                    await deal(change, None)


async def _watch_all(accounts: Sequence[Account], options: dict[str, Any], deal_with: Sequence[Deal]) -> None:
    from contextlib import AsyncExitStack

    from kauneonga_async import AccountFailure, Fleet

    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(account.open()) for account in accounts]
        fleet = Fleet(clients[0], **options)
        await _tell_of_new_ones(options["cursor"], accounts, clients)
        await stack.enter_async_context(fleet)
        for account, client in zip(accounts, clients, strict=True):
            fleet.add(account.name or "", client)
        async for event in fleet:
            if isinstance(event, AccountFailure):
                error = event.error
                said = in_the_command_s_words(str(error))
                click.echo(f"kauneonga: {event.account}: {type(error).__name__}: {said}", err=True)
                if not fleet.reports:
                    raise error
            else:
                for deal in deal_with:
                    await deal(event.change, event.account)


async def _tell_of_new_ones(path: str | None, accounts: Sequence[Account], clients: Sequence[KauneongaClient]) -> None:
    """Tell of accounts that a cursor's file, though it holds others, begins: their profile may have been renamed."""
    from pathlib import Path

    from kauneonga_async.threads import carry_out
    from kauneonga_async.watching import account_key
    from kauneonga_async.watching.sqlite_file import SqliteFile

    if path is None:
        return
    known = await carry_out(SqliteFile(Path(path)).accounts)
    if not known:
        return
    for account, client in zip(accounts, clients, strict=True):
        key = account_key(client.base_url, account.name)
        if key not in known:
            click.echo(
                f"kauneonga: --cursor: {path} holds other accounts, and begins {key} anew; was its profile or URL "
                "another before, go back to that, or say from when on with --start DATE",
                err=True,
            )


class _Printer:
    """Prints changes, each flushed."""

    def __init__(self, *, as_table: bool, with_account: bool) -> None:
        account = Column("ACCOUNT", lambda row: row["account"])
        kind = Column("CHANGE", lambda row: row["change"], width=7)
        self._columns = [*([account] if with_account else []), kind, *COLUMNS]
        self._as_table = as_table
        self._printed = False

    async def print(self, change: MessageChange[Any], account: str | None) -> None:
        from kauneonga_async.cli.handler import line_of

        if not self._as_table:
            await write_lines([line_of(change, account)])
            return
        row = {**fields_of(change.message), "change": change.kind, "account": account}
        print_table([row], self._columns, with_header=not self._printed)
        self._printed = True
