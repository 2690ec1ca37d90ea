"""``kauneonga recordings``: list, download."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kauneonga_async.cli.amounts import counted
from kauneonga_async.cli.connection import connection_options, open_client
from kauneonga_async.cli.help import Group, Option
from kauneonga_async.cli.job import run
from kauneonga_async.cli.output import Column, print_records, write_line
from kauneonga_async.cli.wording import in_the_command_s_words

if TYPE_CHECKING:
    from kauneonga_async import KauneongaClient

__all__ = ["recordings"]

COLUMNS = (
    Column("ID", lambda record: record.get("id"), width=8),
    Column("STARTED", lambda record: str(record.get("started_at") or "")[:16].replace("T", " "), width=16),
    Column("FROM", lambda record: record.get("from"), width=14),
    Column("AGENT", lambda record: record.get("agent_username"), share=1),
    Column("SECONDS", lambda record: _detail(record).get("talk_sec"), width=8, is_number=True),
)


def _detail(record: Mapping[str, Any]) -> Mapping[str, Any]:
    detail = record.get("cdr") or record.get("edr")
    return detail if isinstance(detail, Mapping) else {}


@click.group(cls=Group)
def recordings() -> None:
    """Call recordings and their audio."""


@recordings.command("list")
@click.option("--limit", cls=Option, type=click.IntRange(1), metavar="N", help="Stop after so many.")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines on a terminal too.")
@connection_options
def list_recordings(limit: int | None, *, as_json: bool, **connection: Any) -> None:
    """List all call recordings."""
    run(_list(limit, as_json, open_client(**connection)))


@recordings.command("download")
@click.argument("ids", metavar="[ID]...", nargs=-1, type=click.IntRange(1))
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option(
    "-o",
    "--output",
    default=".",
    show_default=True,
    metavar="FOLDER",
    type=click.Path(file_okay=False),
    help="Where the audio goes.",
)
@click.option("--allow-private-recordings", is_flag=True, help="Audio may be on private addresses.")
@connection_options
def download_recordings(ids: tuple[int, ...], output: str, *, everything: bool, **connection: Any) -> None:
    """Download the audio of recordings as <id>.<ending>.

    What broke off last time is resumed.
    """
    if bool(ids) == everything:
        raise click.UsageError("give the recordings' ids, or --all")
    if not output:
        raise click.UsageError("--output: it is empty; '.' is the current folder")
    run(_download(frozenset(ids), Path(output), open_client(**connection)))


async def _list(limit: int | None, as_json: bool, client: KauneongaClient) -> None:  # noqa: FBT001
    async with client:
        await print_records(
            lambda record_type: client.call_recordings.stream(record_type=record_type),
            COLUMNS,
            as_json=as_json,
            limit=limit,
        )


async def _download(ids: frozenset[int], output: Path, client: KauneongaClient) -> None:
    from anyio import to_thread

    await to_thread.run_sync(lambda: output.mkdir(parents=True, exist_ok=True))
    async with client:
        missing, failed = set(ids), 0
        async for batch in client.call_recordings.stream().batches():
            wanted = [recording for recording in batch if not ids or recording.id in ids]
            missing.difference_update(recording.id for recording in wanted)
            failed += await _fetch(client, wanted, output)
    if missing:
        raise click.ClickException(f"no such recording: {', '.join(map(str, sorted(missing)))}")
    if failed:
        raise click.ClickException(f"{counted(failed, 'recording')} not downloaded; the same command goes on with them")


async def _fetch(client: KauneongaClient, recordings: list[Any], folder: Path) -> int:
    """Download many recordings at once, print the name of each file that is there, and return how many failed.

    Raises:
        AuthenticationError: The account's token is refused: none of the others would fare better.
    """
    import anyio

    from kauneonga_async import config
    from kauneonga_async.errors import AuthenticationError, KauneongaError
    from kauneonga_async.streams import bare_error

    failed, left = 0, len(recordings)
    landed: deque[str] = deque()  # and not printed yet
    places, arrived = anyio.CapacityLimiter(config.CONCURRENCY), anyio.Event()

    async def fetch(recording: Any) -> None:
        nonlocal failed, left
        async with places:
            try:
                path = await client.call_recordings.download(recording, folder)
            except AuthenticationError:
                raise
            except (KauneongaError, OSError, ValueError) as error:
                failed += 1
                said = in_the_command_s_words(str(error))
                click.echo(f"recording {recording.id}: {type(error).__name__}: {said}", err=True)
            else:
                landed.append(str(path))
        left -= 1
        arrived.set()

    async def print_landed() -> None:
        while landed:
            await write_line(landed[0])
            landed.popleft()

    try:
        async with anyio.create_task_group() as tasks:
            for recording in recordings:
                tasks.start_soon(fetch, recording)
            # Not in the tasks: a reader that has stalled would keep them from being cancelled.
            while left:
                await arrived.wait()
                arrived = anyio.Event()
                await print_landed()
    except BaseExceptionGroup as group:
        await print_landed()
        raise bare_error(group) from None
    return failed
