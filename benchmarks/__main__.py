"""Measures everything, prints a table, and writes it as JSON."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from benchmarks.groups import GROUPS
from benchmarks.rows import Row


def main() -> int:
    """Run; return 1 if a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", help=f"some of {', '.join(GROUPS)}; all of them without")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured; medians count (default: 5)")
    parser.add_argument("--json", type=Path, default=Path("benchmarks.json"), help="where the JSON goes")
    arguments = parser.parse_args()
    unknown = set(arguments.groups) - set(GROUPS)
    if unknown:
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    rows: list[Row] = []
    print(f"{'':62}{'result':>10}{'target':>12}")
    for name, group in GROUPS.items():
        if arguments.groups and name not in arguments.groups:
            continue
        for row in group(arguments.rounds):
            rows.append(row)
            print(row, flush=True)
    machine = {
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "system": platform.platform(terse=True),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }
    arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode({"machine": machine, "rows": rows})))
    return 0 if all(row.is_met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
