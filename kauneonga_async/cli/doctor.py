"""``kauneonga doctor``: whether the account can be reached and used, and what the server's dates mean."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any, Final

import click

from kauneonga_async.cli.amounts import counted
from kauneonga_async.cli.connection import connection_options, open_client
from kauneonga_async.cli.help import Command
from kauneonga_async.cli.job import run
from kauneonga_async.cli.output import plain
from kauneonga_async.cli.wording import in_the_command_s_words
from kauneonga_async.errors import ConfigurationError

if TYPE_CHECKING:
    from kauneonga_async import KauneongaClient
    from kauneonga_async.doctor import Diagnosis, Finding

__all__ = ["doctor"]

_WIDTH: Final = 80
_INDENT: Final = " " * 24
_COLOURS: Final = {"ok": "green", "warning": "yellow", "failure": "red", "skipped": None}


@click.command(cls=Command, short_help="What is wrong, and what the dates mean")
@click.option("--json", "as_json", is_flag=True, help="All of it as one JSON object.")
@click.option("--allow-private-recordings", is_flag=True, help="Audio may be on private addresses.")
@connection_options
def doctor(*, as_json: bool, **connection: Any) -> None:
    """See whether the account can be reached and used, and say what to do where not.

    It looks at URL, name, certificate, token, each endpoint, the server's clock, compression, ETags and speed. From
    messages of winter and of summer it finds out the time zone of the server's dates, and whether to_date is
    included, and prints the settings that spare every list its padding.

    It makes at most 64 calls, one after the other, and creates nothing. It shows neither the token nor what messages
    say. The exit code is 1 if something failed, and 0 if not.
    """
    try:
        client = open_client(**connection)
    except ConfigurationError as error:
        diagnosis = _of_settings(error)
        if not as_json:
            _print(diagnosis.findings[0])
        _conclude(diagnosis, as_json=as_json)
    else:
        run(_examine(client, as_json=as_json))


async def _examine(client: KauneongaClient, *, as_json: bool) -> None:
    from kauneonga_async.doctor import diagnose

    async with client:
        diagnosis = await diagnose(client, on_finding=None if as_json else _print)
    _conclude(diagnosis, as_json=as_json)


def _conclude(diagnosis: Diagnosis, *, as_json: bool) -> None:
    import msgspec

    if as_json:
        click.echo(msgspec.json.encode(_as_object(diagnosis)))
    else:
        _print_settings(diagnosis)
    if not diagnosis.is_well:
        raise click.exceptions.Exit(1)


def _of_settings(error: ConfigurationError) -> Diagnosis:
    """Return the diagnosis of settings that no client can be made of."""
    from kauneonga_async.doctor import Diagnosis, Finding

    message = str(error)
    about = re.search(r"\b(base_url|token(?:_env|[_-]file)?): ", message)
    check = "settings"
    if about is not None:
        check = "URL" if about[1] == "base_url" else "token"
    return Diagnosis(
        findings=(
            Finding(check=check, status="failure", says=in_the_command_s_words(message), advice="see kauneonga --help"),
        )
    )


def _as_object(diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "is_well": diagnosis.is_well,
        "calls": diagnosis.calls,
        "findings": diagnosis.findings,
        "calendar": diagnosis.calendar,
        "settings": {"toml": diagnosis.as_toml, "python": diagnosis.as_python} if diagnosis.as_toml else None,
    }


def _print(finding: Finding) -> None:
    if finding.status == "skipped" and finding.says.startswith("not looked at"):
        return
    status = click.style(f"{finding.status:8}", fg=_COLOURS[finding.status])
    first, *rest = _wrapped(plain(finding.says))
    click.echo(f"{status} {finding.check:14} {first.lstrip()}")
    for line in (*rest, *(_wrapped(f"-> {plain(finding.advice)}") if finding.advice else ())):
        click.echo(line)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT, break_on_hyphens=False) or [
        _INDENT
    ]


def _print_settings(diagnosis: Diagnosis) -> None:
    skipped = [finding.check for finding in diagnosis.findings if finding.says.startswith("not looked at")]
    if skipped:
        click.echo(f"skipped  {textwrap.fill(', '.join(skipped), _WIDTH - 9, subsequent_indent=' ' * 9)}")
    if diagnosis.as_toml:
        click.echo("\nFor the profile (kauneonga profiles --help):\n")
        click.echo(textwrap.indent(diagnosis.as_toml, "    "))
        click.echo("\nIn Python, for KauneongaClient:\n")
        click.echo(f"    {diagnosis.as_python}")
    click.echo(f"\n{counted(diagnosis.calls, 'call')} made.")
