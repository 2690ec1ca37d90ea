"""Endings: what is said of how a command ended, and the exit code that this deserves."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import traceback
from typing import Final

import click

from kauneonga_async.cli.job import INTERRUPTED, TERMINATED, ReaderGone, Terminated
from kauneonga_async.cli.wording import in_the_command_s_words
from kauneonga_async.errors import ConfigurationError, KauneongaError

__all__ = ["exit_code_of"]

_FAILED: Final = 1
_WRONG_USAGE: Final = 2
_WIDEST: Final = 100  # columns of a complaint on a terminal


def exit_code_of(error: BaseException) -> int:
    """Say on stderr how a command ended; return its exit code: 1 failed, 2 wrong usage, 130 interrupted, 143.

    Raises:
        BaseException: The error itself, if it is none that a command ends with.
    """
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    if isinstance(error, click.UsageError):
        return _say(error.format_message(), error.exit_code, _advice(error))
    if isinstance(error, click.ClickException):
        return _say(error.format_message(), error.exit_code)
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        # click makes an Abort of Ctrl-C.
        return _say("interrupted", INTERRUPTED, *_notes(error.__cause__ or error))
    if isinstance(error, Terminated):
        return _say("terminated", TERMINATED, *_notes(error))
    if isinstance(error, ReaderGone):
        # What is still buffered must not fail again when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if isinstance(error, Exception):
        message, code = _explained(error)
        return _say(message, code, *_notes(error))
    raise error


def _explained(error: Exception) -> tuple[str, int]:
    if isinstance(error, ConfigurationError):
        return in_the_command_s_words(str(error)), _WRONG_USAGE
    if isinstance(error, KauneongaError):
        return f"{type(error).__name__}: {in_the_command_s_words(str(error))}", _FAILED
    if isinstance(error, OSError):
        if error.errno is None:  # of an object store: the text is ours, without credentials
            return str(error) or type(error).__name__, _FAILED
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{where}", _FAILED
    if isinstance(error, (TypeError, ValueError)) and _is_refusal(error):
        return in_the_command_s_words(str(error)), _WRONG_USAGE
    # What should not have happened is reported without the error's text: that may be a record's.
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"an error that was not foreseen: {type(error).__name__}; please report it\n{frames}", _FAILED


def _is_refusal(error: Exception) -> bool:
    """Tell whether arguments were refused by the SDK, whose messages begin with their names."""
    names, colon, _ = str(error).partition(":")
    return bool(colon) and all(name.isidentifier() for name in names.split(", "))


def _advice(error: click.UsageError) -> str:
    return f"see {error.ctx.command_path if error.ctx else 'kauneonga'} --help"


def _notes(error: BaseException) -> list[str]:
    return getattr(error, "__notes__", [])


def _say(message: str, code: int, *notes: str) -> int:
    for text in (message, *notes):
        click.echo(_wrapped(f"kauneonga: {text}"), err=True)
    return code


def _wrapped(text: str) -> str:
    """Break lines between words, for people; what programs search is left as it is."""
    if not sys.stderr.isatty():
        return text
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    return "\n".join(
        textwrap.fill(line, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
        for line in text.splitlines()
    )
