"""A history: what befalls an export from its first run to its last; it follows from a seed, but for the scheduling."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from kauneonga_async import ExportReport, KauneongaClient, ServerCalendar, config, export_messages, verify_export
from kauneonga_async.sandbox import Fault, RandomFaults, Sandbox
from tests.exporting.engines import Here, Twice
from tests.exporting.readers import ids_in
from tests.exporting.stopping import stop_after

DAY = timedelta(days=1)
DAYS = 40  # that the server holds, up to today
STOPS = 10
ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Pago_Pago")
# Round, as limits are: under a stated calendar, others are found out only where several lists are cut.
CAPS = (None, None, 20, 30, 64, 100)


class Account(NamedTuple):
    """What does not change in a history.

    Attributes:
        messages: That the server holds.
        timezone: The server's.
        is_inclusive: Whether its ``to_date`` is.
        calendar: What is stated of that; it is true.
        order: Of its lists.
        cap: Where it cuts them off.
        failing: The share of requests that fail.
        latency: Seconds that an answer takes at the most.
        begins: The first day that is exported.
        window: Days.
        form: Of the files.
    """

    messages: int
    timezone: str
    is_inclusive: bool
    calendar: ServerCalendar
    order: str
    cap: int | None
    failing: float
    latency: float
    begins: date
    window: int | None
    form: str


def draw_account(rng: random.Random, today: date) -> Account:
    """Return any that can be exported whole."""
    messages, zone, is_inclusive = rng.choice([0, 40, 200, 500, 900, 1500]), rng.choice(ZONES), rng.random() < 0.6
    cap = rng.choice(CAPS)
    # What is asked for of a single day is five days, where nothing is stated.
    is_bearable = cap is None or messages / DAYS * 5 < cap
    return Account(
        messages,
        zone,
        is_inclusive,
        rng.choice([ServerCalendar(), ServerCalendar(zone), ServerCalendar(zone, to_date_inclusive=is_inclusive)]),
        rng.choice(["oldest", "newest", "mixed"]),
        cap if is_bearable else None,
        rng.choice([0.0, 0.0, 0.05, 0.15]),
        rng.choice([0.0, 0.01, 0.03]),
        today - rng.choice([DAYS, rng.randrange(20, DAYS)]) * DAY,
        rng.choice([None, 1, 2, 5, 7, 8, 9, 30]),
        rng.choice(["jsonl", "jsonl", "jsonl", "csv", "parquet"]),
    )


class History:
    """One destination and its server, as time goes on.

    Args:
        seed: From which it follows.
        folder: The destination.

    Attributes:
        account: What does not change.
        stops: How often a run was stopped.
    """

    def __init__(self, seed: int, folder: Path) -> None:
        self._rng = random.Random(seed)
        self._today = datetime.now(UTC).date()
        self._folder = folder
        self.account = draw_account(self._rng, self._today)
        self.stops = 0

    async def live(self) -> None:
        """Go through all of it.

        Raises:
            AssertionError: Something is lost, or there twice.
            KauneongaError: A run fails.
        """
        rng, account = self._rng, self.account
        faults = RandomFaults(account.failing, kinds=("500", "reset", "cut"), seed=rng.randrange(1000))
        sandbox = Sandbox(
            messages=account.messages,
            start=self._today - DAYS * DAY,
            end=self._today + DAY,
            seed=rng.randrange(1000),
            timezone=account.timezone,
            to_date_inclusive=account.is_inclusive,
            order=account.order,
            cap=account.cap,
        )

        def answer(method: str, path: str) -> Fault | None:
            sandbox.settings.latency = rng.random() ** 3 * account.latency
            return faults(method, path)

        sandbox.settings.faults = answer
        until = datetime.combine(self._today, datetime.min.time(), UTC) - rng.uniform(9, 19) * DAY
        step = rng.choice([1, 7, 24, 72, 120]) * timedelta(hours=1)
        # Of many tries that fail, one body in some thousands is cut short three times in a row.
        with mock.patch.object(config, "CORRUPT_RETRIES", 40):
            await self._live_with(sandbox, until, step)

    async def _live_with(self, sandbox: Sandbox, until: datetime, step: timedelta) -> None:
        rng = self._rng
        async with sandbox:
            for _ in range(rng.randrange(1, 6)):
                until = min(until + step * rng.choice([1, 1, 2]), datetime.now(UTC) - DAY)
                refresh_since = until.date() - rng.randrange(9) * DAY if rng.random() < 0.3 else None
                report = await self._run_until_done(sandbox, until, refresh_since=refresh_since)
                await self._check(sandbox, report)

    async def _run_until_done(self, sandbox: Sandbox, until: datetime, **options: Any) -> ExportReport:
        rng, account = self._rng, self.account
        window = None if account.window is None else account.window * DAY
        while True:
            sandbox.configure(skew=(until + timedelta(minutes=5) - datetime.now(UTC)).total_seconds())
            async with KauneongaClient(
                sandbox.base_url, sandbox.token, calendar=account.calendar, max_retries=40
            ) as client:
                run = export_messages(
                    client,
                    self._folder,
                    account.begins,
                    format=account.form,
                    window=window,
                    concurrency=rng.choice([1, 3, 16]),
                    engine=rng.choice([None, Here(client), Twice(client)]),
                    progress=stop_after(rng.randrange(1, 25)) if self.stops < STOPS and rng.random() < 0.6 else None,
                    **options,
                )
                try:
                    return await asyncio.create_task(run)
                except asyncio.CancelledError:
                    self.stops += 1

    async def _check(self, sandbox: Sandbox, report: ExportReport) -> None:
        begin, end = self.account.calendar.start_of(self.account.begins), report.until
        assert end is not None
        held = sorted(number for number, time in sandbox.world.times().items() if begin <= time < end)
        found = sorted(ids_in(self._folder)) if self._folder.exists() else []
        assert found == held, f"{len(held)} are held, {len(found)} were exported; {sorted({*held} ^ {*found})[:5]}"
        assert (await verify_export(self._folder)).is_whole
