"""``kauneonga messages``: get, list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import click

from kauneonga_async.cli.connection import connection_options, open_client
from kauneonga_async.cli.dates import range_options
from kauneonga_async.cli.help import Group, Option
from kauneonga_async.cli.job import run
from kauneonga_async.cli.output import Column, fields_of, plain, print_records, wants_table, write_lines

if TYPE_CHECKING:
    from kauneonga_async import KauneongaClient

__all__ = ["messages"]

COLUMNS = (
    Column("ID", lambda record: record.get("id"), width=8),
    Column("CREATED", lambda record: str(record.get("created_at") or "")[:16].replace("T", " "), width=16),
    Column("NAME", lambda record: f"{record.get('first_name') or ''} {record.get('last_name') or ''}", share=1),
    Column("PHONE", lambda record: record.get("phone") or record.get("phone_number"), width=12),
    Column("MESSAGE", lambda record: record.get("content") or record.get("note"), share=2),
)


@click.group(cls=Group)
def messages() -> None:
    """Messages that agents took."""


@messages.command("get")
@click.argument("ids", metavar="ID...", nargs=-1, required=True, type=int)
@click.option("--json", "as_json", is_flag=True, help="JSON Lines on a terminal too.")
@connection_options
def get_messages(ids: tuple[int, ...], *, as_json: bool, **connection: Any) -> None:
    """Show messages, whole."""
    run(_get(ids, as_json, open_client(**connection)))


@messages.command("list")
@range_options
@click.option("--limit", cls=Option, type=click.IntRange(1), metavar="N", help="Stop after so many.")
@click.option("--unordered", is_flag=True, help="As they arrive, which is faster.")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines on a terminal too.")
@connection_options
def list_messages(
    first: date | None,
    last: date | None,
    window: int | None,
    limit: int | None,
    *,
    unordered: bool,
    as_json: bool,
    **connection: Any,
) -> None:
    """List the messages of a range of days.

    Without --from all of them are asked for, in one call.
    """
    run(_list(first, last, window, limit, not unordered, as_json, open_client(**connection)))


async def _get(ids: tuple[int, ...], as_json: bool, client: KauneongaClient) -> None:  # noqa: FBT001
    import msgspec

    table = wants_table(as_json=as_json)
    async with client:
        async for batch in client.messages.get_many(ids, record_type=msgspec.Raw).batches():
            if not table:
                await write_lines(batch)
                continue
            for record in batch:
                _show(fields_of(record))


async def _list(
    first: date | None,
    last: date | None,
    window: int | None,
    limit: int | None,
    ordered: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    client: KauneongaClient,
) -> None:
    async with client:
        await print_records(
            lambda record_type: client.messages.stream(
                first,
                last,
                record_type=record_type,
                window=None if window is None else timedelta(days=window),
                ordered=ordered,
            ),
            COLUMNS,
            as_json=as_json,
            limit=limit,
        )


def _show(message: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    card = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    card.add_column(style="bold", no_wrap=True)
    card.add_column(overflow="fold")
    for name, value in message.items():
        if name == "answers" and isinstance(value, dict):
            for question, answer in value.items():
                if answer not in (None, ""):
                    card.add_row(Text(f"answers.{plain(question)}"), Text(plain(answer)))
        elif isinstance(value, bool):
            card.add_row(Text(plain(name)), Text("yes" if value else "no"))
        elif value not in (None, ""):
            card.add_row(Text(plain(name)), Text(plain(value)))
    Console(highlight=False).print(card, "")
