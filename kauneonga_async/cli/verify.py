"""``kauneonga export verify``: whether what was exported is still whole, and what makes it so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from kauneonga_async.cli.amounts import amount, counted
from kauneonga_async.cli.help import Command
from kauneonga_async.cli.job import run

if TYPE_CHECKING:
    from kauneonga_async.exporting import VerifyReport

__all__ = ["verify"]


@click.command(cls=Command)
@click.argument("output", metavar="DEST")
@click.option("--quiet", is_flag=True, help="No report; the exit code tells.")
@click.option("--json", "as_json", is_flag=True, help="The report as JSON, on stdout.")
def verify(output: str, *, quiet: bool, as_json: bool) -> None:
    """Compare the files of an export with its journal.

    An export of messages is meant; its files are compared byte for byte.

    The exit code is 0 if all is there, and nothing else that looks like a part, and 1 if not.
    """
    run(_verify(output, quiet, as_json))


async def _verify(output: str, quiet: bool, as_json: bool) -> None:  # noqa: FBT001 - a private function's
    import msgspec

    from kauneonga_async import verify_export
    from kauneonga_async.errors import ConfigurationError

    try:
        report = await verify_export(output)
    except ConfigurationError as error:
        # What is an option of an export's is this command's argument.
        raise ConfigurationError(str(error).replace("destination:", "DEST:", 1)) from None
    if as_json:
        click.echo(msgspec.json.encode({"is_whole": report.is_whole, **msgspec.structs.asdict(report)}))
    elif not quiet:
        _print(report)
    if report.is_whole:
        return
    if quiet:
        raise click.exceptions.Exit(1)
    raise click.ClickException(f"{output} is not whole: {', then '.join(_cures(report))}")


def _print(report: VerifyReport) -> None:
    click.echo(f"{counted(report.parts, 'whole file')}: {counted(report.records, 'record')}, {amount(report.bytes)}")
    for what, names in (
        ("missing", report.missing),
        ("damaged", report.damaged),
        ("not in the journal", report.unknown),
        ("to be replaced", report.replaced),
        ("not exported yet", report.pending),
    ):
        for name in names:
            click.echo(f"{what}: {name}")


def _cures(report: VerifyReport) -> Iterator[str]:
    """Say what makes an export whole, in the order in which it is to be done."""
    if report.damaged:
        yield "remove what is damaged (a file of the same size and time is not looked into again)"
    if report.unknown:
        yield "move away what is not in the journal"
    if report.missing or report.damaged or report.replaced or report.pending:
        yield "run the export's own command again, unless it is still at work"
