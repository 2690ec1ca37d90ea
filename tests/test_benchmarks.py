"""What is kept of measurements, and what is made of it; measuring itself is no test's."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.figures import Figures, Group, Machine, this_machine
from benchmarks.report import PAGES, page_with_tables
from benchmarks.rows import Row
from tools.site import loads_from_elsewhere

DAY = "2026-11-25"


def of_group(name: str, *rows: Row, machine: Machine | None = None) -> Figures:
    return Figures(machine=machine or this_machine(), groups={name: Group(date=DAY, rows=list(rows))})


MET = Row(what="a reader, records/s, against a peer", result=2.0, target=1.5, at_least=True, series="stream")
MISSED = Row(
    what="an export, bytes/s, against a peer",
    result=0.25,
    target=0.5,
    at_least=True,
    details={"ours, MB/s": 250.0, "a peer, MB/s": 1000.0},
    series="export",
)


def test_a_group_that_is_measured_again_leaves_the_others_alone(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    of_group("stream", MET).keep(path)
    of_group("export", MISSED).keep(path)
    of_group("stream", MISSED).keep(path)
    kept = Figures.read(path)
    assert {name: group.rows for name, group in kept.groups.items()} == {"stream": [MISSED], "export": [MISSED]}


def test_figures_of_another_machine_are_not_mixed_with_these(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    of_group("stream", MET, machine=Machine(python="3.11", cpus=96, system="Linux")).keep(path)
    of_group("export", MISSED).keep(path)
    assert list(Figures.read(path).groups) == ["export"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_missed_target_is_called_that(page: Path) -> None:
    text = page_with_tables(page, of_group("export", MET, MISSED))
    (missed,) = (line for line in text.splitlines() if line.startswith(f"| {MISSED.what} |"))
    (met,) = (line for line in text.splitlines() if line.startswith(f"| {MET.what} |"))
    assert "| 0.25 times **(missed)** | at least 0.5 times |" in missed
    assert "| 2 times | at least 1.5 times |" in met


def test_pictures_name_every_contender_and_load_nothing(tmp_path: Path) -> None:
    pictures = pytest.importorskip(
        "benchmarks.pictures", reason="matplotlib is of the extra bench", exc_type=ImportError
    )
    rows = [
        Row(what="a", result=2.0, details={"ours": 20.0, "a peer": 10.0}, series="stream"),
        Row(what="b", result=3.0, details={"ours": 3.0, "a peer": 9.0}, series="memory", at=3),
        Row(what="c", result=3.0, details={"ours": 3.0, "a peer": 90.0}, series="memory", at=30),
        MISSED,
    ]
    pictures.draw(of_group("all", *rows), tmp_path)
    drawn = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert set(drawn) >= {"benchmark-stream.svg", "benchmark-memory.svg", "benchmark-targets.svg"}
    for name in ("benchmark-stream.svg", "benchmark-memory.svg"):
        assert "kauneonga_async" in drawn[name]
        assert "a peer" in drawn[name]
    assert MISSED.what in drawn["benchmark-targets.svg"]
    assert pictures.MISSED in drawn["benchmark-targets.svg"]
    for picture in drawn.values():
        assert loads_from_elsewhere(picture) == []
        assert DAY in picture
