"""Every row of the table, on every surface that it can reach; and the page that says what was tried."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.clock import JumpingLoop
from tests.faults.cases import Case
from tests.faults.elsewhere import ELSEWHERE, Told
from tests.faults.harness import check
from tests.faults.page import ALL_CASES, AREAS, page
from tests.faults.table import SURFACES, Row, Surface

Run = Callable[[Coroutine[Any, Any, Any]], Any]
# One loop runs client and server, and no thread: what one sends the other can read at once, or it never comes.
GRACE = 0.001
PAGE = Path(__file__).parents[2] / "docs/reliability.md"

ATTEMPTS = [
    pytest.param(row, surface, id=f"{row.fault}-{surface}")
    for rows in AREAS.values()
    for row in rows
    for surface in SURFACES
    if row.outcome(surface) is not None
]


@pytest.mark.parametrize(("row", "surface"), ATTEMPTS)
def test_the_outcome_of_a_fault_is_what_the_table_says(
    row: Row, surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In debug mode, asyncio keeps a stack for each callback, which takes most of the time.
    monkeypatch.setattr("asyncio.constants.DEBUG_STACK_DEPTH", 1)
    expected = row.outcome(surface)
    assert expected is not None
    with asyncio.Runner(loop_factory=partial(JumpingLoop, grace=GRACE)) as runner:
        runner.run(check(row, surface, expected))


@pytest.mark.parametrize("one", [pytest.param(one, id=one.fault) for one in ALL_CASES])
def test_the_outcome_of_a_case_is_what_the_table_says(one: Case, run_jumping: Run, tmp_path: Path) -> None:
    run_jumping(one.run(tmp_path))  # type: ignore[arg-type]


def test_there_are_enough_of_them() -> None:
    faults = [row.fault for rows in AREAS.values() for row in rows] + [one.fault for one in ALL_CASES]
    assert len(faults) == len(set(faults)) >= 120


@pytest.mark.parametrize("told", [pytest.param(one, id=one.fault) for part in ELSEWHERE.values() for one in part])
def test_a_fault_of_another_folder_is_tried_there(told: Told) -> None:
    file, _, name = told.test.partition("::")
    text = (PAGE.parents[1] / "tests" / file).read_text(encoding="utf-8")
    assert f"def test_{name}(" in text or f"class {name}(" in text


def test_the_page_is_what_the_table_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
