"""The command ``kauneonga``: one file a command, and what they share."""

from __future__ import annotations

import importlib.util
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command with the process's arguments, and exit with its code."""
    missing = [name for name in ("click", "platformdirs", "rich") if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(f"kauneonga: {' and '.join(missing)} missing: pip install 'kauneonga-async[cli]'")
    from kauneonga_async.cli.app import run_app

    sys.exit(run_app(sys.argv[1:]))
