"""A server's days, one by one, with messages taken, edited and deleted at hostile moments: all changes are seen."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from kauneonga_async import KauneongaClient, MessageChange, ServerCalendar
from kauneonga_async.sandbox import RandomFaults, Sandbox
from tests.budget import examples
from tests.watching.observer import INTERVAL, Observer

DAY = timedelta(days=1)
LOOK_BACK = 2 * DAY
ZONES = {"America/New_York": (datetime(2025, 3, 8), datetime(2025, 11, 1)), "UTC": (datetime(2024, 2, 28),)}  # noqa: DTZ001
LATE = [timedelta(), timedelta(milliseconds=1), timedelta(hours=1), timedelta(hours=26), LOOK_BACK - timedelta(hours=1)]
OUTAGE = RandomFaults(1.0, kinds=("500",))
STEPS = [timedelta(seconds=1), timedelta(minutes=59), timedelta(hours=11), DAY, 3 * DAY, 9 * DAY]


class Days(RuleBasedStateMachine):
    """Between two looks the server changes as it likes, and every poll fails. The truth is kept here."""

    @initialize(
        data=st.data(),
        zone=st.sampled_from(sorted(ZONES)),
        inclusive=st.booleans(),
        known=st.booleans(),
        etags=st.booleans(),
    )
    def begin(self, data: st.DataObject, zone: str, inclusive: bool, known: bool, etags: bool) -> None:
        self.zone = ZoneInfo(zone)
        self.now = data.draw(st.sampled_from(ZONES[zone])).replace(tzinfo=self.zone).astimezone(UTC)
        self.calendar = ServerCalendar(zone, inclusive) if known else ServerCalendar()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.known: dict[int, bytes] = {}  # what was told of, as it was then
        self.runner.run(self._open(zone, inclusive=inclusive, etags=etags))

    async def _open(self, zone: str, **options: Any) -> None:
        self.stack = contextlib.AsyncExitStack()
        self.sandbox = await self.stack.enter_async_context(
            Sandbox(messages=0, timezone=zone, to_date_inclusive=options["inclusive"], etags=options["etags"])
        )
        self._set_clock()
        self.client = await self.stack.enter_async_context(
            KauneongaClient(self.sandbox.base_url, self.sandbox.token, calendar=self.calendar, max_retries=0)
        )
        self.observer = await self._watch()
        assert await self._settle() == []

    async def _watch(self) -> Observer:
        watch = self.client.messages.watch(
            interval=INTERVAL, cursor=Path(self.folder.name) / "cursor.db", look_back=LOOK_BACK
        )
        return await Observer(watch).__aenter__()

    def _set_clock(self) -> None:
        self.sandbox.configure(skew=(self.now - datetime.now(UTC)).total_seconds())

    def _young(self) -> list[int]:
        return [i for i, moment in self.sandbox.world.times().items() if self.now - moment < LOOK_BACK]

    @rule(late=st.sampled_from(LATE), data=st.data())
    def take_a_message(self, late: timedelta, data: st.DataObject) -> None:
        moment = self.now - late
        if data.draw(st.booleans()):  # at the turn of a day, if that was just now
            midnight = datetime.combine(moment.astimezone(self.zone).date(), time.min, self.zone).astimezone(UTC)
            moment = max(midnight - data.draw(st.sampled_from([0, 1])) * timedelta(milliseconds=1), moment - DAY)
        if self.now - moment < LOOK_BACK:
            self.sandbox.world.add(moment)

    @precondition(lambda self: hasattr(self, "sandbox") and self._young())
    @rule(data=st.data(), value=st.integers(0, 3))
    def edit_a_message(self, data: st.DataObject, value: int) -> None:
        self.sandbox.world.edit(data.draw(st.sampled_from(self._young())), status=str(value))

    @precondition(lambda self: hasattr(self, "sandbox") and self._young())
    @rule(data=st.data())
    def delete_a_message(self, data: st.DataObject) -> None:
        self.sandbox.world.delete(data.draw(st.sampled_from(self._young())))

    @rule(step=st.sampled_from(STEPS))
    def let_time_pass(self, step: timedelta) -> None:
        self.now += step
        self._set_clock()

    @rule()
    def start_the_watch_anew(self) -> None:
        async def restart() -> None:
            await self.observer.__aexit__()
            self._remember(self.observer.seen)
            self.observer = await self._watch()

        self.runner.run(restart())

    @rule()
    def look(self) -> None:
        world = self.sandbox.world
        self._remember(self.runner.run(self._settle()))
        for record_id in world.message_ids():
            assert self.known.get(record_id) == world.message(record_id), f"{record_id} was not told of"

    async def _settle(self) -> list[MessageChange[Any]]:
        self.sandbox.configure(faults=None)
        seen = await self.observer.settle()
        self.sandbox.configure(faults=OUTAGE)
        return seen

    def _remember(self, seen: list[MessageChange[Any]]) -> None:
        for change in seen:
            assert (change.kind == "created") is (change.id not in self.known)
            record = self.sandbox.world.message(change.id)
            assert record != self.known.get(change.id), f"{change.id} was told of twice"
            self.known[change.id] = record or b""

    def teardown(self) -> None:
        if hasattr(self, "observer"):
            self.runner.run(self.observer.__aexit__())
            self.runner.run(self.stack.aclose())
            self.runner.close()
            self.folder.cleanup()


Days.TestCase.settings = settings(
    max_examples=examples(15), stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestDays = Days.TestCase
