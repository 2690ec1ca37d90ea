"""Trials: crash after crash of a scenario, each gone on with and looked at."""

from __future__ import annotations

import asyncio
import random
import shutil
import traceback
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from kauneonga_async import KauneongaClient
from kauneonga_async.downloads import download
from kauneonga_async.sandbox import Sandbox
from tests.crashes.disk import CRASHES, Crash, Image, crash
from tests.crashes.operations import Operation
from tests.crashes.recorder import Recorder
from tests.crashes.scenarios import FIRST, LAST, MESSAGES, SCENARIOS, Scenario

__all__ = ["Tally", "Trials", "trials_of"]

AGAIN = 0.2  # of the crashes are followed by another one, while what they left is gone on with


@dataclass
class Tally:
    """What was tried, and what is wrong."""

    crashes: Counter[Crash] = field(default_factory=Counter)
    operations: int = 0
    images: set[int] = field(default_factory=set)
    wrong: dict[str, str] = field(default_factory=dict)  # what is wrong, once for each, and how to see it again


class Trials:
    """Crashes of one run of a scenario.

    Args:
        scenario: What is done.
        root: The folder that is watched.
        seed: From which all follows.
        tally: Is told.
    """

    def __init__(self, scenario: Scenario, root: Path, seed: int, tally: Tally) -> None:
        self._scenario = scenario
        self._root = root
        self._name = f"{type(scenario).__name__}, seed {seed}"
        self._seed = seed
        self._tally = tally
        self._before = Image()
        self.operations: list[Operation] = []

    async def record(self) -> None:
        """Let it come to its end once, and note what it does to the disk."""
        self._lay_out(Image())
        await self._scenario.prepare()
        self._before = Image.of(self._root)
        with Recorder(self._root, self._before) as recorder:
            await self._scenario.begin()
        self.operations = recorder.operations
        self._tally.operations += len(self.operations)
        await self._look(recorder, "without a crash")

    async def crash(self, count: int, kind: Crash, number: int) -> None:
        """Crash after so many operations, go on, and look at what comes of it; now and then crash again meanwhile."""
        chance = random.Random(f"{self._seed} {count} {kind} {number}")
        before, operations, told = self._before, self.operations, ""
        is_done = count == len(operations)
        while True:
            image = crash(before, operations[:count], kind, chance)
            told += f"{kind} after {count} of {len(operations)}, number {number}; "
            self._tally.crashes[kind] += 1
            self._tally.images.add(hash((self._name, tuple(image.files.items()), image.folders)))
            self._lay_out(image)
            self._scenario.sandbox.requests.clear()
            recorder = Recorder(self._root, image)
            try:
                with recorder:
                    await self._scenario.run()
            except Exception as error:  # noqa: BLE001 - whatever it is, nobody asked for it
                self._complain(f"{type(error).__name__}: {error}", told + _trace(error))
                return
            await self._look(recorder, told)
            if is_done and self._scenario.is_fetched_again():
                self._complain("what was finished was lost", told)
            if chance.random() >= AGAIN:
                return
            before, operations, kind = image, recorder.operations, chance.choice(CRASHES)
            count = chance.randint(0, len(operations))
            is_done = count == len(operations)

    def _lay_out(self, image: Image) -> None:
        shutil.rmtree(self._root, ignore_errors=True)
        self._root.mkdir()
        image.write(self._root)

    async def _look(self, recorder: Recorder, told: str) -> None:
        for name in recorder.exposed:
            self._complain(f"{name} could be opened by others", told)
        try:
            complaints = await self._scenario.complaints()
        except Exception as error:  # noqa: BLE001 - what is there cannot even be read
            self._complain(f"{type(error).__name__}: {error}", told + _trace(error))
            return
        complaints += [
            f"{p.name} is others' too" for p in self._root.rglob("*") if p.is_file() and p.stat().st_mode & 0o077
        ]
        for complaint in complaints:
            self._complain(complaint, told)

    def _complain(self, what: str, told: str) -> None:
        self._tally.wrong.setdefault(f"{type(self._scenario).__name__}: {what}", f"{self._name}: {told}")


def _trace(error: Exception) -> str:
    return "".join(
        f"\n    {frame.name} at {frame.filename}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)[-4:]
    )


@asynccontextmanager
async def trials_of(name: str, root: Path, seed: int, tally: Tally) -> AsyncIterator[Trials]:
    """Record a scenario."""
    kind = SCENARIOS[name]
    server = Sandbox(messages=MESSAGES, start=FIRST, end=LAST, recordings=4, seed=seed, **kind.settings)
    async with server as sandbox, KauneongaClient(sandbox.base_url, sandbox.token, max_retries=6) as client:
        with mock.patch.object(download, "_WRITTEN_AT_ONCE", kind.written_at_once):
            trials = Trials(kind(sandbox, client, root), root, seed, tally)
            await trials.record()
            yield trials
    await asyncio.sleep(0)
