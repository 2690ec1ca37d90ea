"""``kauneonga sandbox``: an imitation of the API on this machine, to try things on."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import click

from kauneonga_async.cli.dates import parse_day
from kauneonga_async.cli.help import Command, Option
from kauneonga_async.cli.job import run

__all__ = ["sandbox"]

_option = partial(click.option, cls=Option, show_default=True)


@click.command(cls=Command, short_help="An imitation of the API, to try things on")
@_option("--port", type=click.IntRange(0, 65535), default=8765, metavar="N", help="0 for any that is free.")
@_option("--messages", type=click.IntRange(0), default=10_000, metavar="N", help="How many it holds.")
@_option("--from", "start", type=parse_day, default="2025-01-01", metavar="DATE", help="The day of the first.")
@_option("--to", "end", type=parse_day, default="2025-12-31", metavar="DATE", help="The day of the last.")
@_option("--recordings", type=click.IntRange(0), default=12, metavar="N", help="How many it holds.")
@_option("--seed", type=int, default=1, metavar="N", help="From which all it holds follows.")
@_option("--timezone", default="UTC", metavar="ZONE", help="The zone its dates are in.")
@_option("--to-date-inclusive/--to-date-exclusive", default=True, help="Whether the last day asked for is listed.")
@_option("--latency", type=click.FloatRange(0), default=0.0, metavar="SECONDS", help="Before each answer.")
@click.option("--bandwidth", cls=Option, type=click.FloatRange(1), metavar="BYTES", help="A second, for each answer.")
@click.option("--rate-limit", cls=Option, type=click.IntRange(1), metavar="N", help="Requests a second.")
@_option("--faults", type=click.FloatRange(0, 1), default=0.0, metavar="SHARE", help="Of the requests that go wrong.")
def sandbox(port: int, start: date, end: date, faults: float, **options: Any) -> None:
    """Run the built-in imitation of the API until Ctrl-C.

    It holds made-up messages, to-dos and recordings, the same for the same seed.
    """
    if start > end:
        raise click.UsageError("--from: it must not be after --to")
    run(_serve(port, faults, {"start": start, "end": end, **options}))


async def _serve(port: int, share: float, options: dict[str, Any]) -> None:
    import asyncio
    import errno

    from kauneonga_async.sandbox import RandomFaults, Sandbox

    try:
        async with Sandbox(port=port, faults=RandomFaults(share) if share else None, **options) as server:
            click.echo(f"export KAUNEONGA_BASE_URL={server.base_url}")
            click.echo(f"export KAUNEONGA_TOKEN={server.token}")
            click.echo("(paste these two lines into another terminal; Ctrl-C ends the sandbox)", err=True)
            await asyncio.Event().wait()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise click.ClickException(f"--port: {port} is in use; --port 0 takes one that is free") from None
