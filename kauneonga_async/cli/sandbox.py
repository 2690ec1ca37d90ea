"""``kauneonga sandbox``: an imitation of the API on this machine, to try things on."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from kauneonga_async.cli.dates import DATE
from kauneonga_async.cli.job import run

__all__ = ["sandbox"]


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 for any that is free.")
@click.option("--messages", type=click.IntRange(0), default=10_000, show_default=True, help="How many it holds.")
@click.option("--from", "start", type=DATE, default="2025-01-01", show_default=True, help="The day of the first.")
@click.option("--to", "end", type=DATE, default="2025-12-31", show_default=True, help="The day of the last.")
@click.option("--recordings", type=click.IntRange(0), default=12, show_default=True, help="How many it holds.")
@click.option("--seed", type=int, default=1, show_default=True, help="From which all it holds follows.")
@click.option("--timezone", default="UTC", show_default=True, help="The zone its dates are in.")
@click.option("--to-date-inclusive/--to-date-exclusive", default=True, help="Whether to_date's own day is listed.")
@click.option("--latency", type=click.FloatRange(0), default=0.0, metavar="SECONDS", help="Before each answer.")
@click.option("--bandwidth", type=click.FloatRange(1), metavar="BYTES", help="A second, for each answer.")
@click.option("--rate-limit", type=click.IntRange(1), metavar="N", help="Requests a second.")
@click.option(
    "--faults", type=click.FloatRange(0, 1), default=0.0, metavar="SHARE", help="Of the requests that go wrong."
)
def sandbox(port: int, start: date, end: date, faults: float, **options: Any) -> None:
    """Run the built-in imitation of the API until Ctrl-C.

    It holds made-up messages, to-dos and recordings, the same for the same seed.
    """
    if start > end:
        raise click.UsageError("--from: it must not be after --to")
    run(_serve(port, faults, {"start": start, "end": end, **options}))


async def _serve(port: int, share: float, options: dict[str, Any]) -> None:
    import asyncio

    from kauneonga_async.sandbox import RandomFaults, Sandbox

    async with Sandbox(port=port, faults=RandomFaults(share) if share else None, **options) as server:
        click.echo(f"export KAUNEONGA_BASE_URL={server.base_url}")
        click.echo(f"export KAUNEONGA_TOKEN={server.token}")
        click.echo("(paste these two lines into another terminal; Ctrl-C ends the sandbox)", err=True)
        await asyncio.Event().wait()
