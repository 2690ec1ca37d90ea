"""Runs one contender in a process of its own: ``python -m benchmarks.contenders MODULE FUNCTION '{"..."}'``."""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path


def run(module: str, function: str, arguments: str) -> None:
    """Run it, and print what it returns as JSON."""
    contender = importlib.import_module(f"benchmarks.contenders.{module}")
    if control := os.environ.get("BENCHMARKS_PERF_CONTROL"):
        Path(control).write_text("enable\n", encoding="ascii")  # see profiles.py
    print(json.dumps(getattr(contender, function)(**json.loads(arguments))))


if __name__ == "__main__":
    run(*sys.argv[1:])
