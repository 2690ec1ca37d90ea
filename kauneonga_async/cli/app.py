"""The shape of the whole command, and what exit code an end deserves: 0 done, 1 failed, 2 wrong usage, 130, 143."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import click

from kauneonga_async.cli.demo import demo
from kauneonga_async.cli.doctor import doctor
from kauneonga_async.cli.export import export
from kauneonga_async.cli.job import ReaderGone, Terminated
from kauneonga_async.cli.messages import messages
from kauneonga_async.cli.profiles import profiles
from kauneonga_async.cli.recordings import recordings
from kauneonga_async.cli.sandbox import sandbox
from kauneonga_async.cli.to_dos import to_dos
from kauneonga_async.cli.watch import watch
from kauneonga_async.errors import ConfigurationError, KauneongaError

__all__ = ["app", "run_app"]

FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130
TERMINATED = 143


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="kauneonga-async", message="kauneonga %(version)s")
def app() -> None:
    """Messages, to-dos and call recordings of a Kauneonga account.

    The account is told by --profile NAME (see kauneonga profiles --help), or by KAUNEONGA_BASE_URL (as
    https://acme.example.com/api) and KAUNEONGA_TOKEN. On a terminal records are a table, in a pipe JSON Lines.

    To see it work without an account: kauneonga demo.
    """


for command in (demo, sandbox, messages, to_dos, recordings, watch, export, profiles, doctor):
    app.add_command(command)


def run_app(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code."""
    try:
        code = app.main(list(arguments), prog_name="kauneonga", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        # click makes an Abort of Ctrl-C.
        return _say("interrupted", INTERRUPTED, error.__cause__ or error)
    except Terminated as error:
        return _say("terminated", TERMINATED, error)
    except ReaderGone:
        # What is still buffered must not fail again when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the last place before Python would print its text
        return _explain(error)
    return code if isinstance(code, int) else 0


def _explain(error: Exception) -> int:
    if isinstance(error, ConfigurationError):
        return _say(str(error), WRONG_USAGE, error)
    if isinstance(error, KauneongaError):
        return _say(f"{type(error).__name__}: {error}", FAILED, error)
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        return _say(f"{error.strerror or type(error).__name__}{where}", FAILED, error)
    if isinstance(error, (TypeError, ValueError)) and _is_refusal(error):
        return _say(str(error), WRONG_USAGE, error)
    # What should not have happened is reported without the error's text: that may be a record's.
    frames = "".join(traceback.format_tb(error.__traceback__))
    return _say(f"an error that was not foreseen: {type(error).__name__}; please report it\n{frames}", FAILED, error)


def _say(message: str, code: int, error: BaseException) -> int:
    click.echo(f"kauneonga: {message}", err=True)
    for note in getattr(error, "__notes__", ()):
        click.echo(f"kauneonga: {note}", err=True)
    return code


def _is_refusal(error: Exception) -> bool:
    """Tell whether an argument was refused by the SDK, whose messages begin with the argument's name."""
    name, colon, _ = str(error).partition(":")
    return bool(colon) and name.isidentifier()
