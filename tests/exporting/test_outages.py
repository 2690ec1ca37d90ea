"""Exports whose server, or the way there, is lost for a while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from kauneonga_async import ExportReport, KauneongaClient, config, errors, export_messages
from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults
from kauneonga_async.sandbox.faults import FAULT_KINDS, FaultPlan
from tests.exporting.readers import lines_in, parts_of
from tests.exporting.truth import truth

FIRST, LAST = date(2025, 1, 1), date(2025, 3, 31)
Run = Callable[[Coroutine[Any, Any, Any]], Any]


class Outage:
    """A server that answers some requests, and then none for a while.

    Args:
        after: How many are answered.
        seconds: How long it lasts.
        fault: What becomes of a request meanwhile.
        then: What goes wrong after that.
    """

    def __init__(self, after: int, seconds: float, fault: Fault, then: FaultPlan = lambda method, path: None) -> None:
        self.refused = 0
        self._after = after
        self._seconds = seconds
        self._fault = fault
        self._then = then
        self._answered = 0
        self._began: float | None = None

    def __call__(self, method: str, path: str) -> Fault | None:
        now = asyncio.get_running_loop().time()
        if self._answered < self._after:
            self._answered += 1
            return None
        if self._began is None:
            self._began = now
        if now - self._began >= self._seconds:
            return self._then(method, path)
        self.refused += 1
        return self._fault


async def export_through(outage: FaultPlan, folder: Path, **options: Any) -> ExportReport:
    async with (
        Sandbox(messages=300, faults=outage) as sandbox,
        KauneongaClient(sandbox.base_url, sandbox.token, max_retries=options.pop("max_retries", 4)) as client,
    ):
        days = timedelta(days=options.pop("days", 2))
        report = await export_messages(client, folder, FIRST, LAST, window=days, **options)
        assert sorted(lines_in(folder)) == sorted(truth(sandbox))
        return report


@pytest.mark.parametrize(
    ("concurrency", "fault"),
    [(1, Fault(reset=True)), (16, Fault(reset=True)), (16, Fault(status=503)), (4, FAULT_KINDS["html"])],
)
def test_an_outage_of_ten_minutes_is_outlasted(
    concurrency: int, fault: Fault, tmp_path: Path, run_jumping: Run, caplog: pytest.LogCaptureFixture
) -> None:
    outage = Outage(after=20, seconds=600, fault=fault)
    with caplog.at_level(logging.WARNING, "kauneonga_async"):
        report = run_jumping(export_through(outage, tmp_path, concurrency=concurrency))
    assert report.parts == report.parts_planned == len(parts_of(tmp_path)) == 45
    assert report.records == 300
    assert report.seconds > 0
    told = [record for record in caplog.records if "the export of messages: pauses: " in record.getMessage()]
    assert 4 <= len(told) <= 10
    # One request after each pause, of ten seconds for the most part; before them what was in flight, and its retries.
    assert 30 <= outage.refused <= 5 * concurrency + 150


def test_an_outage_that_lasts_for_too_long_ends_the_export_which_goes_on_when_it_is_called_again(
    tmp_path: Path, run_jumping: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "LONGEST_PATIENCE", 300.0)
    outage = Outage(after=20, seconds=10**6, fault=Fault(reset=True))

    async def export() -> ExportReport:
        async with (
            Sandbox(messages=300, faults=outage) as sandbox,
            KauneongaClient(sandbox.base_url, sandbox.token) as client,
        ):
            began = asyncio.get_running_loop().time()
            with pytest.raises(errors.ConnectionFailed):
                await export_messages(client, tmp_path, FIRST, LAST, window=timedelta(days=2))
            assert 300 - config.LONGEST_BACKOFF < asyncio.get_running_loop().time() - began < 330
            sandbox.settings.faults = None
            report = await export_messages(client, tmp_path, FIRST, LAST, window=timedelta(days=2))
            assert sorted(lines_in(tmp_path)) == sorted(truth(sandbox))
            return report

    report = run_jumping(export())
    assert (report.parts_kept > 0, report.parts_kept + report.parts) == (True, 45)


@pytest.mark.parametrize("then", [Fault(status=404), Fault(status=422), Fault(status=204)])
def test_a_server_that_answers_again_is_back_whatever_it_answers(then: Fault, tmp_path: Path, run_jumping: Run) -> None:
    outage = Outage(20, 60, Fault(status=503), ScriptedFaults([then]))
    assert run_jumping(export_through(outage, tmp_path)).records == 300


@pytest.mark.parametrize("concurrency", [1, 16])
def test_a_passing_fault_right_after_an_outage_is_tried_again(
    concurrency: int, tmp_path: Path, run_jumping: Run
) -> None:
    outage = Outage(20, 60, Fault(reset=True), ScriptedFaults([None, Fault(status=500)]))
    assert run_jumping(export_through(outage, tmp_path, concurrency=concurrency)).records == 300


def test_a_server_that_is_lost_again_after_a_single_answer_is_waited_for(tmp_path: Path, run_jumping: Run) -> None:
    outage: FaultPlan = lambda method, path: None  # noqa: E731
    for _ in range(4):
        outage = Outage(1, 60, Fault(status=503), outage)
    assert run_jumping(export_through(Outage(20, 60, Fault(status=503), outage), tmp_path)).records == 300


def test_a_passing_fault_right_after_a_pause_that_was_asked_for_ends_nothing(tmp_path: Path, run_jumping: Run) -> None:
    faults = ScriptedFaults([Fault(status=429, headers={"Retry-After": "300"}), Fault(status=500)])
    assert run_jumping(export_through(faults, tmp_path, concurrency=1)).records == 300


def test_the_time_that_a_server_keeps_us_waiting_for_answers_counts(
    tmp_path: Path, run_jumping: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "LONGEST_PATIENCE", 300.0)

    async def export() -> float:
        began = asyncio.get_running_loop().time()
        with pytest.raises(errors.RequestTimeout):
            await export_through(Outage(20, 10**6, Fault(delay=10**6)), tmp_path, timeout=100.0)
        return asyncio.get_running_loop().time() - began

    # All tries of the windows in flight, which are cut down to a day, then a probe of 30 seconds at the most each.
    assert run_jumping(export()) < 10 * 5 * 100 + 400


def test_a_record_that_is_met_again_after_an_outage_is_told_of_once(tmp_path: Path, run_jumping: Run) -> None:
    record = b'{"id":%d,"created_at":"a Friday"}'
    body = b'{"data":[' + b",".join(record % (10**6 + number) for number in range(3)) + b"]"  # it stops short
    faults = ScriptedFaults(
        [None, *[Fault(status=200, body=body)] * 3, *[None] * 2, *[Fault(status=200, body=body)] * 3]
    )
    told: list[int | None] = []

    async def export() -> ExportReport:
        return await export_through(
            faults, tmp_path, concurrency=1, days=1, on_invalid=lambda record: told.append(record.id)
        )

    report = run_jumping(export())
    assert report.records == 300
    assert len(told) == len(set(told)) == report.stream.invalid > 0


def test_a_server_that_is_of_no_use_from_the_beginning_is_not_waited_for(tmp_path: Path, run_jumping: Run) -> None:
    outage = Outage(after=0, seconds=3600, fault=Fault(status=500))

    async def export() -> None:
        began = asyncio.get_running_loop().time()
        with pytest.raises(errors.ServerError):
            await export_through(outage, tmp_path)
        assert asyncio.get_running_loop().time() - began < 10

    run_jumping(export())


def test_without_retries_no_outage_is_outlasted(tmp_path: Path, run_jumping: Run) -> None:
    outage = Outage(after=20, seconds=3600, fault=Fault(reset=True))
    with pytest.raises(errors.ConnectionFailed):
        run_jumping(export_through(outage, tmp_path, max_retries=0))
    assert outage.refused <= 16


@pytest.mark.parametrize("concurrency", [1, 16])
def test_a_window_that_alone_always_fails_is_no_outage(concurrency: int, tmp_path: Path, run_jumping: Run) -> None:
    asked: list[str] = []

    async def export() -> None:
        async with (
            Sandbox(messages=300) as sandbox,
            KauneongaClient(sandbox.base_url, sandbox.token) as client,
        ):

            def faults(method: str, path: str) -> Fault | None:
                if sandbox.requests[-1].query.get("from_date") != "02-13-2025":
                    return None
                asked.append(path)
                return Fault(status=500)

            sandbox.settings.faults = faults
            began = asyncio.get_running_loop().time()
            with pytest.raises(errors.ServerError):
                await export_messages(client, tmp_path, FIRST, LAST, window=timedelta(days=2), concurrency=concurrency)
            assert asyncio.get_running_loop().time() - began < 60

    run_jumping(export())
    # Three runs of five tries; and as many more as see others of the 45 windows come to their end.
    assert 15 <= len(asked) <= 40
