"""``kauneonga export``: messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click

from kauneonga_async.cli.connection import connection_options, open_client
from kauneonga_async.cli.dates import range_options
from kauneonga_async.cli.job import run
from kauneonga_async.cli.progress import Progress, summary

__all__ = ["export"]


@click.group()
def export() -> None:
    """Whole ranges to files: messages."""


@export.command("messages")
@range_options
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the files go; it is made if it is not there.",
)
@click.option("--quiet", is_flag=True, help="No progress and no summary.")
@click.option("--json", "as_json", is_flag=True, help="The summary as JSON, on stdout.")
@connection_options
def export_messages_command(
    first: date | None,
    last: date | None,
    window: int | None,
    output: Path,
    *,
    quiet: bool,
    as_json: bool,
    **connection: Any,
) -> None:
    """Write the messages of a range to JSON Lines, a file a window, each message once.

    A file appears only when its window is whole. Lines are the server's own bytes: nothing is lost, not even fields
    that nobody knows yet.
    """
    run(_export(first, last, window, output, quiet, as_json, connection))


async def _export(
    first: date | None,
    last: date | None,
    window: int | None,
    output: Path,
    quiet: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    connection: Mapping[str, Any],
) -> None:
    import msgspec

    from kauneonga_async import export_messages

    async with open_client(**connection) as client:
        with Progress("messages", quiet=quiet) as progress:
            report = await export_messages(
                client,
                output,
                first,
                last,
                window=None if window is None else timedelta(days=window),
                progress=progress,
            )
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
    elif not quiet:
        click.echo(summary(report, output), err=True)
