"""Measures everything, prints a table, and keeps it as JSON; makes pictures and the documentation's tables of that."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import KEPT, Figures, Group, this_machine
from benchmarks.groups import GROUPS
from benchmarks.report import write_tables


def main() -> int:
    """Run; return 1 if a target was missed by what was measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", help=f"some of {', '.join(GROUPS)}; all of them without")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (default: 5)")
    parser.add_argument("--json", type=Path, default=KEPT, help="where it is kept (default: benchmarks/figures.json)")
    parser.add_argument("--read", action="store_true", help="measure nothing: take what was kept")
    parser.add_argument("--plot", action="store_true", help="draw docs/images/benchmark-*.svg (needs the extra bench)")
    parser.add_argument("--report", action="store_true", help="write the tables of README.md and docs/performance.md")
    arguments = parser.parse_args()
    unknown = set(arguments.groups) - set(GROUPS)
    if unknown:
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    missed = 0
    if not arguments.read:
        print(f"{'':76}{'result':>10}{'target':>12}{'CPU':>8}")
        for name in [name for name in GROUPS if not arguments.groups or name in arguments.groups]:
            measured = measure(name, arguments.rounds)
            measured.keep(arguments.json)
            missed += sum(not row.is_met for row in measured.groups[name].rows)
    figures = Figures.read(arguments.json)
    if arguments.plot:
        from benchmarks.pictures import draw  # noqa: PLC0415 - matplotlib takes a while to load

        draw(figures)
    if arguments.report:
        write_tables(figures)
    return 1 if missed else 0


def measure(name: str, rounds: int) -> Figures:
    """Measure one group, and print what comes of it."""
    group = Group(date=f"{datetime.now(UTC):%Y-%m-%d}", rows=[])
    for row in GROUPS[name](rounds):
        group.rows.append(row)
        print(row, flush=True)
    return Figures(machine=this_machine(), groups={name: group})


if __name__ == "__main__":
    sys.exit(main())
