"""The options that say which account is meant and how to reach it, and the client they make."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    import ssl

    from kauneonga_async import KauneongaClient

__all__ = ["connection_options", "open_client"]

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--base-url", metavar="URL", help="Where the API stands; else KAUNEONGA_BASE_URL."),
    click.option("--token-file", metavar="FILE", help="Holds the token; - for stdin; else KAUNEONGA_TOKEN."),
    click.option(
        "--timeout",
        type=float,
        metavar="SECONDS",
        help="For a whole call; in a list, to the next bytes.  [default: 30]",
    ),
    click.option("--retries", type=int, metavar="N", help="Tries after the first of each request.  [default: 4]"),
    click.option("--concurrency", type=int, metavar="N", help="Requests in flight.  [default: 16]"),
    click.option("--timezone", metavar="ZONE", help="The server's, as America/New_York: spares the padding."),
    click.option(
        "--to-date-inclusive/--to-date-exclusive", default=None, help="Whether the server lists the last day asked for."
    ),
    click.option(
        "--ca", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="A certificate authority to trust."
    ),
    click.option("--proxy", metavar="URL", help="A proxy for every request."),
    click.option("--allow-http", is_flag=True, help="Send the token unencrypted to another machine."),
    click.option("-v", "--verbose", is_flag=True, help="Tell of each try, wait and give-up."),
)


def connection_options(command: Command) -> Command:
    """Give a command the options that :func:`open_client` takes."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def open_client(
    *,
    base_url: str | None,
    token_file: str | None,
    timeout: float | None,
    retries: int | None,
    concurrency: int | None,
    timezone: str | None,
    to_date_inclusive: bool | None,
    ca: str | None,
    proxy: str | None,
    allow_http: bool,
    verbose: bool,
    allow_private_recordings: bool = False,
) -> KauneongaClient:
    """Return a client for the account that the options and the environment tell of."""
    from kauneonga_async import KauneongaClient, ServerCalendar, config

    if verbose:
        logging.basicConfig(format="%(message)s", stream=sys.stderr)
        logging.getLogger("kauneonga_async").setLevel(logging.DEBUG)
    return KauneongaClient(
        base_url,
        None if token_file is None else _read_token(token_file),
        timeout=config.TIMEOUT if timeout is None else timeout,
        max_retries=config.MAX_RETRIES if retries is None else retries,
        concurrency=config.CONCURRENCY if concurrency is None else concurrency,
        calendar=ServerCalendar(timezone=timezone, to_date_inclusive=to_date_inclusive),
        ssl_context=None if ca is None else _trusting(ca),
        proxy=proxy,
        allow_http=allow_http,
        allow_private_recordings=allow_private_recordings,
    )


def _read_token(path: str) -> str:
    text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    return text.strip()


def _trusting(authority: str) -> ssl.SSLContext:
    import ssl

    try:
        return ssl.create_default_context(cafile=authority)
    except ssl.SSLError:
        raise click.BadParameter(f"{authority} holds no certificate in PEM form", param_hint="--ca") from None
