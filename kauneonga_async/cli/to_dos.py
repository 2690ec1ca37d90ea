"""``kauneonga to-dos``: create, list."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from kauneonga_async.cli.connection import connection_options, open_client
from kauneonga_async.cli.help import Group, Option
from kauneonga_async.cli.job import Terminated, run
from kauneonga_async.cli.output import Column, print_records, wants_table, write_line, write_lines

if TYPE_CHECKING:
    from kauneonga_async import KauneongaClient

__all__ = ["to_dos"]


def _of(field: str) -> Any:
    return lambda record: _part(record, "to_do").get(field)


def _schedule(record: Mapping[str, Any]) -> str:
    times = _part(record, "schedule").get("times") or []
    return ", ".join(map(str, times)) if isinstance(times, list) else str(times)


def _part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = record.get(name)
    return part if isinstance(part, Mapping) else {}


COLUMNS = (
    Column("ID", _of("id"), width=8),
    Column("BY", _of("delivery_type"), width=6),
    Column("CONTACT", _of("contact"), width=16),
    Column("TIMES", _schedule, share=2),
    Column("TEXT", _of("message_text"), share=3),
)


@click.group("to-dos", cls=Group)
def to_dos() -> None:
    """Scheduled reminders."""


@to_dos.command("list")
@click.option("--limit", cls=Option, type=click.IntRange(1), metavar="N", help="Stop after so many.")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines on a terminal too.")
@connection_options
def list_to_dos(limit: int | None, *, as_json: bool, **connection: Any) -> None:
    """List all to-dos."""
    run(_list(limit, as_json, open_client(**connection)))


@to_dos.command("create")
@click.option("--account-number", required=True, metavar="NUMBER", help="The account, as W0411.")
@click.option("--contact", required=True, metavar="CONTACT", help="A telephone number or an e-mail address.")
@click.option("--from", "from_", required=True, metavar="NUMBER", help="The number it comes from, as +17542838007.")
@click.option("--message-text", required=True, metavar="TEXT", help="What it says; - is stdin, which ps cannot show.")
@click.option("--time", "times", required=True, multiple=True, metavar="TIME", help="As '9:00 AM'; may be repeated.")
@click.option("--day", "days", multiple=True, metavar="DAY", help="As Tuesday; may be repeated.")
@click.option("--frequency", default="weekly", show_default=True, metavar="WORD", help="How often.")
@click.option("--interval", type=click.IntRange(1), metavar="N", help="Every how many weeks.")
@click.option("--delivery-type", default="sms", show_default=True, metavar="WORD", help="How it is sent.")
@click.option("--json", "as_json", is_flag=True, help="JSON on a terminal too.")
@connection_options
def create_to_do(
    times: tuple[str, ...],
    days: tuple[str, ...],
    frequency: str,
    interval: int | None,
    *,
    account_number: str,
    contact: str,
    from_: str,
    message_text: str,
    delivery_type: str,
    as_json: bool,
    **connection: Any,
) -> None:
    """Create a to-do, once.

    If the connection breaks so that nobody can tell whether it was created, this is said, and nothing is sent again.
    """
    if message_text == "-":
        message_text = sys.stdin.read().strip()
    from kauneonga_async import Schedule

    asked = {
        "account_number": account_number,
        "contact": contact,
        "from_": from_,
        "message_text": message_text,
        "delivery_type": delivery_type,
        "schedule": Schedule(frequency=frequency, times=list(times), days=list(days), interval=interval),
    }
    client = open_client(**connection)
    try:
        run(_create(asked, as_json, client))
    except (KeyboardInterrupt, Terminated) as error:
        error.add_note("it may have been created: look with kauneonga to-dos list, before you create it again")
        raise


async def _list(limit: int | None, as_json: bool, client: KauneongaClient) -> None:  # noqa: FBT001
    async with client:
        await print_records(
            lambda record_type: client.to_dos.stream(record_type=record_type), COLUMNS, as_json=as_json, limit=limit
        )


async def _create(
    asked: Mapping[str, Any],
    as_json: bool,  # noqa: FBT001
    client: KauneongaClient,
) -> None:
    import msgspec

    async with client:
        created = await client.to_dos.create(**asked)
    if wants_table(as_json=as_json):
        following = created.schedule.next_occurrence if created.schedule else None
        await write_line(
            f"created to-do {created.id}" + (f", next sent {following:%Y-%m-%d %H:%M %Z}" if following else "")
        )
    else:
        await write_lines([msgspec.json.encode(created)])
