"""The shape of the whole command."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from kauneonga_async.cli.completion import completion
from kauneonga_async.cli.demo import demo
from kauneonga_async.cli.doctor import doctor
from kauneonga_async.cli.endings import exit_code_of
from kauneonga_async.cli.export import export
from kauneonga_async.cli.help import Overview
from kauneonga_async.cli.messages import messages
from kauneonga_async.cli.profiles import profiles
from kauneonga_async.cli.recordings import recordings
from kauneonga_async.cli.sandbox import sandbox
from kauneonga_async.cli.to_dos import to_dos
from kauneonga_async.cli.watch import watch

__all__ = ["app", "run_app"]


def _tell_version(context: click.Context, _option: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's
    if asked:
        from kauneonga_async.config import VERSION

        click.echo(f"kauneonga {VERSION}")
        context.exit()


@click.group(cls=Overview, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_tell_version, help="Tell the version."
)
def app() -> None:
    """Messages, to-dos and call recordings of a Kauneonga account.

    The account is told by --profile NAME (see kauneonga profiles --help), or by KAUNEONGA_BASE_URL and
    KAUNEONGA_TOKEN. Records are a table on a terminal, and JSON Lines in a pipe.
    """


for _command in (messages, to_dos, recordings, export, watch, doctor, profiles, demo, sandbox, completion):
    app.add_command(_command)


def run_app(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code."""
    is_plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    try:
        code = app.main(
            list(arguments), prog_name="kauneonga", standalone_mode=False, color=False if is_plain else None
        )
    except BaseException as error:  # noqa: BLE001 - the last place before Python would print its text
        return exit_code_of(error)
    return code if isinstance(code, int) else 0
