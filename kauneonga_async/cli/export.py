"""``kauneonga export``: messages, recordings, to-dos to files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kauneonga_async.cli.amounts import amount, counted
from kauneonga_async.cli.connection import connection_options, open_client
from kauneonga_async.cli.dates import parse_date, range_options
from kauneonga_async.cli.help import Group
from kauneonga_async.cli.job import Terminated, run
from kauneonga_async.cli.progress import Progress, recordings_summary, summary
from kauneonga_async.cli.verify import verify
from kauneonga_async.errors import ConfigurationError, DestinationLocked, KauneongaError

if TYPE_CHECKING:
    from kauneonga_async import KauneongaClient
    from kauneonga_async.exporting import Engine

__all__ = ["export"]

Command = TypeVar("Command", bound=Callable[..., Any])


_destination_option = click.option(
    "-o",
    "--output",
    required=True,
    metavar="DEST",
    help="Where the files go: a folder, or a URL as s3://bucket/folder.",
)


def report_options(command: Command) -> Command:
    """Give a command ``--quiet`` and ``--json``."""
    as_json = click.option("--json", "as_json", is_flag=True, help="The summary as JSON, on stdout.")
    return click.option("--quiet", is_flag=True, help="No progress and no summary.")(as_json(command))


@click.group(cls=Group, short_help="All of it to files, resumed after any stop")
def export() -> None:
    """Everything to files: messages of a range, call recordings, to-dos."""


@export.command("messages")
@range_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "parquet"]),
    default="jsonl",
    show_default=True,
    metavar="FORMAT",
    help="jsonl (the server's own bytes), csv or parquet.",
)
@click.option(
    "--compression", type=click.Choice(["gz", "zst"]), metavar="KIND", help="gz or zst, of JSON Lines and CSV."
)
@_destination_option
@click.option("--details", is_flag=True, help="Fetch each message whole; lists are summaries.")
@click.option(
    "--answer", "answers", multiple=True, metavar="NAME", help="An answer with a CSV column of its own, or more."
)
@click.option("--overwrite", is_flag=True, help="Remove all messages_* files there, and begin anew.")
@click.option("--refresh-since", type=parse_date, metavar="DATE", help="Export anew what was created since then.")
@click.option("--same-account", is_flag=True, help="Another token, of the same account.")
@click.option("--dask", metavar="SCHEDULER", help="Let a Dask cluster read: tls://scheduler:8786.")
@click.option("--dask-token-file", metavar="FILE", help="The token's file on its workers; else KAUNEONGA_TOKEN.")
@report_options
@connection_options
def export_messages_command(
    first: date | None,
    last: date | None,
    window: int | None,
    form: str,
    compression: str | None,
    output: str,
    answers: tuple[str, ...],
    refresh_since: date | None,
    dask: str | None,
    dask_token_file: str | None,
    *,
    details: bool,
    overwrite: bool,
    same_account: bool,
    quiet: bool,
    as_json: bool,
    **connection: Any,
) -> None:
    """Write the messages of a range to files, each message once.

    A file appears only when its window is whole. Whatever stops an export, the same command goes on after the last
    whole file; later, it adds what has come since, if the range has no end or one in the future.
    """
    options: dict[str, Any] = {
        "format": form,
        "compression": compression,
        "answers": answers,
        "details": details,
        "window": None if window is None else timedelta(days=window),
        "overwrite": overwrite,
        "refresh_since": refresh_since,
        "same_account": same_account,
        "engine": _engine(dask, dask_token_file),
    }
    client = open_client(**connection)
    with _resumable(output):
        run(_export(first, last, output, options, quiet, as_json, client))


@export.command("recordings")
@_destination_option
@click.option("--overwrite", is_flag=True, help="Download anew what is there.")
@click.option("--same-account", is_flag=True, help="Another token, of the same account.")
@click.option("--allow-private-recordings", is_flag=True, help="Audio may be on private addresses.")
@report_options
@connection_options
def export_recordings_command(
    output: str, *, overwrite: bool, same_account: bool, quiet: bool, as_json: bool, **connection: Any
) -> None:
    """Download the audio of all call recordings, with a manifest.

    Files are called <id>.<ending>. The manifest, recordings.jsonl, ties each to its recording and call detail record.
    Whatever stops it, the same command goes on: what broke off is resumed, what was expired or missing is tried again.
    The exit code is 1 if some could not be had.
    """
    options = {"overwrite": overwrite, "same_account": same_account}
    client = open_client(**connection)
    with _resumable(output):
        run(_export_recordings(output, options, quiet, as_json, client))


@export.command("to-dos")
@_destination_option
@click.option("--compression", type=click.Choice(["gz", "zst"]), metavar="KIND", help="gz or zst.")
@report_options
@connection_options
def export_to_dos_command(
    output: str, compression: str | None, *, quiet: bool, as_json: bool, **connection: Any
) -> None:
    """Write all to-dos as they stand to to_dos.jsonl."""
    run(_export_to_dos(output, compression, quiet, as_json, open_client(**connection)))


export.add_command(verify)


def _engine(scheduler: str | None, token_file: str | None) -> Engine | None:
    if scheduler is None:
        if token_file is not None:
            raise click.UsageError("--dask-token-file goes with --dask")
        return None
    try:
        from kauneonga_async.integrations.dask import DaskEngine
    except ImportError:
        raise ConfigurationError("--dask needs distributed: pip install 'kauneonga-async[dask]'") from None
    return DaskEngine(scheduler, token_file=token_file)


@contextmanager
def _resumable(output: str) -> Iterator[None]:
    """Tell whoever's export has ended early that nothing is lost, and of a disk's error where it was."""
    try:
        yield
    except (KeyboardInterrupt, Terminated, KauneongaError, OSError) as error:
        if not isinstance(error, (ConfigurationError, DestinationLocked)):
            error.add_note("files that are there are whole; the same command goes on after them")
        if isinstance(error, OSError) and error.errno is not None and error.filename is None:
            error.filename = output  # a write that fails does not say where
        raise


async def _export(
    first: date | None,
    last: date | None,
    output: str,
    options: Mapping[str, Any],
    quiet: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    client: KauneongaClient,
) -> None:
    import msgspec

    from kauneonga_async import export_messages

    async with client:
        with Progress("messages", quiet=quiet) as progress:
            report = await export_messages(client, output, first, last, progress=progress, **options)
    if as_json:
        click.echo(msgspec.json.encode(report))
    elif not quiet:
        click.echo(summary(report, output), err=True)
        if first is not None and report.until is None:
            told = "no instant of the range is five minutes past: there is nothing to export"
            click.echo(f"kauneonga: --from: {told}", err=True)


async def _export_recordings(
    output: str,
    options: Mapping[str, Any],
    quiet: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    client: KauneongaClient,
) -> None:
    import msgspec

    from kauneonga_async import export_recordings

    async with client:
        with Progress("recordings", quiet=quiet) as progress:
            report = await export_recordings(client, output, progress=progress.of_recordings, **options)
    if as_json:
        click.echo(msgspec.json.encode(report))
    elif not quiet:
        click.echo(recordings_summary(report, output), err=True)
    if report.failed:
        raise click.ClickException(
            f"{counted(report.failed, 'recording')} not downloaded; recordings.jsonl says why, and the same command "
            "tries again"
        )


async def _export_to_dos(
    output: str,
    compression: str | None,
    quiet: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    client: KauneongaClient,
) -> None:
    import msgspec

    from kauneonga_async import export_to_dos

    async with client:
        report = await export_to_dos(client, output, compression=compression)
    if as_json:
        click.echo(msgspec.json.encode(report))
    elif not quiet:
        click.echo(f"{counted(report.records, 'to-do')}, {amount(report.bytes_written)}, in {output}", err=True)
