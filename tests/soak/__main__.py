"""Runs all activities at once, and draws the balance."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import traceback
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from kauneonga_async import KauneongaClient, errors
from kauneonga_async.sandbox.world import World
from tests.soak.activities import ACTIVITIES, TIMEOUT, Activity, settle_creations
from tests.soak.field import Field, Mismatch
from tests.soak.server import TOKEN, WORLD, served
from tests.soak.vitals import MEGABYTE, Vitals, growth, sample

MAX_RETRIES = 12
LONGEST_PAUSE = 0.2  # seconds between two runs of an activity: a soak is long, not hard
SAMPLES = 40
GROWTH_BORNE = 8.0  # megabytes: what samples differ by anyway
FAILURES_BORNE = 0.05  # of an activity's runs; creations, which are not tried again, are not counted


async def repeat(name: str, activity: Activity, field: Field, until: float, wrong: list[str]) -> None:
    """Do one thing again and again; note errors, and what is wrong."""
    while asyncio.get_running_loop().time() < until:
        try:
            async with field.running():
                await activity(field)
        except errors.KauneongaError as error:
            field.failed[name, type(error).__name__] += 1
        except Mismatch as mismatch:
            wrong.append(str(mismatch))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not what a caller is promised
            wrong.append(f"{name}: {type(error).__name__}\n{''.join(traceback.format_exception(error))}")
        field.done[name] += 1
        await asyncio.sleep(field.chance.uniform(0, LONGEST_PAUSE))


async def watch(field: Field, samples: list[Vitals], until: float, seconds: float) -> None:
    """Take samples, while nothing is under way: an export in the middle holds what it will let go."""
    while (now := asyncio.get_running_loop().time()) < until:
        async with field.rest():
            samples.append(sample())
        await asyncio.sleep(min(seconds, until - now))


async def soak(base_url: str, folder: Path, names: Sequence[str], seconds: float, seed: int) -> list[str]:
    """Run; print the balance; return what is wrong."""
    wrong: list[str] = []
    samples: list[Vitals] = []
    before = sample()
    async with KauneongaClient(base_url, TOKEN, timeout=TIMEOUT, max_retries=MAX_RETRIES) as client:
        field = Field(client, folder, World(**WORLD), random.Random(seed))
        until = asyncio.get_running_loop().time() + seconds
        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(repeat(name, ACTIVITIES[name], field, until, wrong))
            group.create_task(watch(field, samples, until, seconds / SAMPLES))
        wrong += await settle_creations(client, field)
    await asyncio.sleep(0.5)
    wrong += balance(field, names, samples, before, sample())
    left = [path for path in folder.rglob("*") if path.suffix not in (".part", ".json")]
    if left:
        wrong.append(f"{len(left)} files are left, such as {left[0].name}")
    return wrong


def balance(field: Field, names: Sequence[str], samples: list[Vitals], before: Vitals, after: Vitals) -> list[str]:
    """Print what was done and what is held; return what is wrong with it."""
    wrong: list[str] = []
    print(f"{'':20}{'runs':>10}{'records':>12}  told of")
    for name in names:
        told = {kind: count for (activity, kind), count in sorted(field.failed.items()) if activity == name}
        runs = field.done[name]
        print(f"{name:20}{runs:>10,}{field.records[name]:>12,}  {told or ''}")
        if not runs or (name != "create" and sum(told.values()) > max(2, FAILURES_BORNE * runs)):
            wrong.append(f"{name}: {sum(told.values())} of {runs} runs failed")
    middle = samples[len(samples) // 3 :] or samples
    grown = growth(samples)
    for what in ("memory", "descriptors", "tasks", "threads"):
        unit = MEGABYTE if what == "memory" else 1
        values = [getattr(vitals, what) / unit for vitals in (before, middle[0], middle[-1], after)]
        print(f"{what:20}" + "".join(f"{value:>10,.0f}" for value in values))
    print(*(f"{vitals.memory / MEGABYTE:.0f}" for vitals in samples[:: max(1, len(samples) // 24)]))
    print(f"memory has grown by {grown:+.1f} MB over the later two thirds")
    if grown > GROWTH_BORNE:
        wrong.append(f"memory grew by {grown:.1f} MB")
    if after.descriptors > before.descriptors + 3:  # the event loop's own, and those of libraries that were loaded
        wrong.append(f"{after.descriptors} descriptors are open, and {before.descriptors} were at first")
    if after.tasks > before.tasks:
        wrong.append(f"{after.tasks - before.tasks} tasks are left")
    return wrong


def main() -> int:
    """Run; return 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="how long (default: 5)")
    parser.add_argument("--seed", type=int, default=1, help="from which it follows what is done (default: 1)")
    parser.add_argument("--activity", choices=list(ACTIVITIES), action="append", help="one of them; may be repeated")
    arguments = parser.parse_args()
    with served() as base_url, tempfile.TemporaryDirectory() as folder:
        names = arguments.activity or list(ACTIVITIES)
        run = partial(soak, base_url, Path(folder), names, arguments.minutes * 60, arguments.seed)
        wrong = asyncio.run(run())
    print(*wrong, sep="\n")
    print("balanced" if not wrong else f"NOT BALANCED: {len(wrong)} things are wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
