"""Lives through histories of exports, each from a seed; the scheduling is the machine's, and never twice the same."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
from pathlib import Path

from kauneonga_async import errors
from tests.histories.history import History


async def live_through(seeds: range) -> int:
    """Live through one for each seed; return how many went wrong, each of which is told of."""
    wrong = 0
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            history = History(seed, Path(folder) / "export")
            try:
                await history.live()
            except (AssertionError, errors.KauneongaError) as error:
                wrong += 1
                print(f"seed {seed}, {history.stops} stops: {type(error).__name__}: {error}\n  {history.account}")
    return wrong


def main() -> int:
    """Run; return 1 if there were findings."""
    parser = argparse.ArgumentParser(prog="python -m tests.histories", description=__doc__)
    parser.add_argument("--histories", type=int, default=500, help="how many (default: 500)")
    parser.add_argument("--seed", type=int, default=1, help="of the first of them (default: 1)")
    arguments = parser.parse_args()
    logging.disable()
    wrong = asyncio.run(live_through(range(arguments.seed, arguments.seed + arguments.histories)))
    print(f"{arguments.histories:,} histories, {wrong} findings")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
