"""The command ``kauneonga``: one file a command, and what they share."""

from __future__ import annotations

import importlib.util
import io
import os
import signal
import sys
from typing import Any, Never

from kauneonga_async.cli.job import INTERRUPTED, TERMINATED, Terminated

__all__ = ["main"]


def main() -> None:
    """Run the command with the process's arguments, and exit with its code."""
    _open_what_is_closed()
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        # A sign that a terminal lacks is no reason to show nothing. JSON is written as bytes, and loses none.
        sys.stdout.reconfigure(errors="replace")
    # What comes before there is an event loop to deal with it, the imports included, has the same exit code.
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = _run()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Terminated:
        code = TERMINATED
    if code in (INTERRUPTED, TERMINATED):
        # What was printed is flushed, and what was begun has ended. Python would wait for a thread that a signal in the
        # midst of the loop's closing has left without word, and tell of one that comes while it waits.
        os._exit(code)
    sys.exit(code)


def _run() -> int | str:
    missing = [name for name in ("click", "platformdirs", "rich") if importlib.util.find_spec(name) is None]
    if missing:
        return f"kauneonga: {' and '.join(missing)} missing: pip install 'kauneonga-async[cli]'"
    from kauneonga_async.cli.app import run_app
    from kauneonga_async.cli.output import is_stalled

    code = run_app(sys.argv[1:])
    if is_stalled():
        # Python would wait for the thread that writes, and so for whoever does not read.
        os._exit(code)
    return code


def _open_what_is_closed() -> None:
    """Stand in for stdin, stdout or stderr where it is closed, or what is opened next would be taken for it."""
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # for what --exec starts, too
            setattr(sys, name, os.fdopen(descriptor, mode, closefd=False))


def _terminate(*_: Any) -> Never:
    raise Terminated
