"""``kauneonga demo``: a quarter of messages, the recordings and a to-do, out of the sandbox, through faults."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from kauneonga_async.cli.amounts import amount, counted
from kauneonga_async.cli.help import Command, Option
from kauneonga_async.cli.job import run
from kauneonga_async.cli.progress import Progress

if TYPE_CHECKING:
    from kauneonga_async import Event, ExportReport, KauneongaClient, RecordingsReport, ToDo
    from kauneonga_async.sandbox import RandomFaults, Sandbox

__all__ = ["demo"]

FIRST, LAST = date(2025, 1, 1), date(2025, 3, 31)
FAULTS_UNTIL_DONE = 20  # tries after the first: one request in six goes wrong, and none may stay so


@click.command(cls=Command, short_help="All of it at work, without an account")
@click.option(
    "--messages",
    cls=Option,
    type=click.IntRange(1),
    default=20_000,
    show_default=True,
    metavar="N",
    help="How many there are.",
)
@click.option(
    "--recordings",
    cls=Option,
    type=click.IntRange(1),
    default=24,
    show_default=True,
    metavar="N",
    help="How many there are.",
)
@click.option(
    "--faults",
    cls=Option,
    type=click.FloatRange(0, 0.5),
    default=0.15,
    show_default=True,
    metavar="SHARE",
    help="Of the requests that go wrong.",
)
@click.option(
    "-o",
    "--output",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the files go.  [default: a new folder]",
)
def demo(messages: int, recordings: int, faults: float, output: Path | None) -> None:
    """Show it at work, without an account or a network.

    It exports three months of messages, downloads the call recordings, and creates and lists a to-do, all out of a
    built-in imitation of the API that fails on purpose now and then.
    """
    if output is None:
        import tempfile

        output = Path(tempfile.mkdtemp(prefix="kauneonga-demo-"))
    run(_demo(messages, recordings, faults, output))


class _Done(NamedTuple):
    """What was done."""

    export: ExportReport
    recordings: RecordingsReport
    created: ToDo
    to_dos: int
    seconds: float


async def _demo(messages: int, recordings: int, share: float, folder: Path) -> None:
    from kauneonga_async import KauneongaClient
    from kauneonga_async.sandbox import RandomFaults, Sandbox

    faults, retries = RandomFaults(share), 0

    def note(event: Event) -> None:
        nonlocal retries
        retries += event.kind == "wait"

    async with Sandbox(messages=messages, recordings=recordings, start=FIRST, end=LAST, faults=faults) as sandbox:
        click.echo(f"A sandbox of the Kauneonga API listens on {sandbox.base_url}", err=True)
        async with KauneongaClient(
            sandbox.base_url, sandbox.token, max_retries=FAULTS_UNTIL_DONE, on_event=note
        ) as client:
            done = await _work(client, folder)
        _summarize(done, sandbox, faults, retries, folder)
        held = sandbox.world.messages
    if done.export.records != held or done.recordings.failed:
        raise click.ClickException(f"{done.export.records} of {held} messages were exported: this is a defect")


async def _work(client: KauneongaClient, folder: Path) -> _Done:
    from kauneonga_async import export_messages, export_recordings

    began = time.monotonic()
    with Progress("messages") as progress:
        report = await export_messages(client, folder / "messages", FIRST, LAST, progress=progress)
    with Progress("recordings") as progress:
        recordings = await export_recordings(client, folder / "recordings", progress=progress.of_recordings)
    created = await _create(client)
    to_dos = await client.to_dos.list()
    return _Done(
        report,
        recordings,
        created,
        len(to_dos),
        time.monotonic() - began,
    )


async def _create(client: KauneongaClient) -> ToDo:
    """Create a to-do; where nobody can tell whether it came through, look, as one should."""
    from kauneonga_async import Schedule
    from kauneonga_async.errors import OutcomeUnknown

    contact, text = "+17545550142", "Please read the messages of the night."
    while True:
        try:
            return await client.to_dos.create(
                account_number="W0411",
                delivery_type="sms",
                contact=contact,
                from_="+17542838007",
                message_text=text,
                schedule=Schedule(frequency="weekly", times=["9:00 AM"], days=["Tuesday", "Thursday"], interval=1),
            )
        except OutcomeUnknown:
            found = await client.to_dos.find(contact=contact, message_text=text)
            if found:
                return found[0]


def _summarize(done: _Done, sandbox: Sandbox, faults: RandomFaults, retries: int, folder: Path) -> None:
    export, world = done.export, sandbox.world
    windows = counted(export.stream.windows, "window")
    halves = f", {export.stream.splits} of them again in halves" if export.stream.splits else ""
    rate = f"{export.records / export.seconds:,.0f} records/s, {amount(export.stream.bytes / export.seconds)}/s"
    written = f"{amount(export.bytes_written)} written"
    for name, told in (
        ("messages", f"{export.records:,} of {world.messages:,}, each once"),
        ("asked for", f"{windows}{halves}; {amount(export.stream.bytes)} read"),
        ("files", f"{counted(export.parts, 'file')}, {written}"),
        ("speed", f"{rate}, server and all"),
        ("recordings", f"{done.recordings.downloaded} downloaded, {amount(done.recordings.bytes_written)}"),
        ("to-dos", f"created {done.created.id}, {done.to_dos} listed"),
        ("faults", f"{faults.count} of {len(sandbox.requests)} requests went wrong, on purpose"),
        ("retries", f"{retries} by the client"),
        ("time", f"{done.seconds:.1f} s"),
    ):
        click.echo(f"{click.style(f'{name:11}', bold=True)} {told}")
    click.echo(f"\nfiles in {folder}")
