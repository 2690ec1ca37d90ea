"""Crashes exports and downloads, after each of their operations on files, and goes on with them."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.crashes.disk import CRASHES
from tests.crashes.scenarios import SCENARIOS
from tests.crashes.trials import Tally, trials_of

MEMORY = Path("/dev/shm")  # where flushing costs nothing, if there is such a place


async def crash_all(names: list[str], kills: int, seed: int) -> dict[str, Tally]:
    """Crash each so often; all prefixes of a run first, then those of another run."""
    tallies = {name: Tally() for name in names}
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        for name, tally in tallies.items():
            began, run = time.monotonic(), seed
            wanted = -(-kills // len(names))
            while tally.crashes.total() < wanted:
                await _crash(name, Path(folder) / "root", run, wanted, tally)
                run += 1
            report(name, tally, time.monotonic() - began)
    return tallies


async def _crash(name: str, root: Path, seed: int, wanted: int, tally: Tally) -> None:
    async with trials_of(name, root, seed, tally) as trials:
        rounds = 4  # of one recording; the next may be written in another order
        for number in range(rounds):
            counts = list(range(len(trials.operations) + 1))
            random.Random(f"{seed} {number}").shuffle(counts)
            counts.insert(0, counts.pop(counts.index(len(trials.operations))))  # what was finished, first
            for count in counts:
                for kind in CRASHES if number == 0 else CRASHES[1:]:
                    if tally.crashes.total() >= wanted:
                        return
                    await trials.crash(count, kind, number)


def report(name: str, tally: Tally, seconds: float) -> None:
    """Print what was tried, and what is wrong."""
    kinds = ", ".join(f"{tally.crashes[kind]:,} {kind}" for kind in CRASHES)
    print(
        f"{name:12}{tally.crashes.total():>7,} crashes ({kinds}; {len(tally.images):,} different states), "
        f"{tally.operations:,} operations, {len(tally.wrong)} findings, {seconds:.0f} s",
        flush=True,
    )
    for what, how in tally.wrong.items():
        print(f"  {what}\n    {how}", flush=True)


def main() -> int:
    """Run; return 1 if there were findings."""
    parser = argparse.ArgumentParser(prog="python -m tests.crashes", description=__doc__)
    parser.add_argument("--kills", type=int, default=10_000, help="crashes, over all scenarios (default: 10,000)")
    parser.add_argument("--scenario", choices=list(SCENARIOS), action="append", help="one of them; may be repeated")
    parser.add_argument("--seed", type=int, default=1, help="from which it follows what is lost (default: 1)")
    arguments = parser.parse_args()
    tallies = asyncio.run(crash_all(arguments.scenario or list(SCENARIOS), arguments.kills, arguments.seed))
    findings = sum(len(tally.wrong) for tally in tallies.values())
    total = sum(tally.crashes.total() for tally in tallies.values())
    print(f"{total:,} crashes, {findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
