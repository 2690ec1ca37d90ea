"""The command ``kauneonga``: one file a command, and what they share."""

from __future__ import annotations

import importlib.util
import signal
import sys
from typing import Any, Never

from kauneonga_async.cli.job import INTERRUPTED, TERMINATED, Terminated

__all__ = ["main"]


def main() -> None:
    """Run the command with the process's arguments, and exit with its code."""
    # What comes before there is an event loop to deal with it, the imports included, has the same exit code.
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = _run()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Terminated:
        code = TERMINATED
    sys.exit(code)


def _run() -> int | str:
    missing = [name for name in ("click", "platformdirs", "rich") if importlib.util.find_spec(name) is None]
    if missing:
        return f"kauneonga: {' and '.join(missing)} missing: pip install 'kauneonga-async[cli]'"
    from kauneonga_async.cli.app import run_app

    return run_app(sys.argv[1:])


def _terminate(*_: Any) -> Never:
    raise Terminated
