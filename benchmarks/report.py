"""Report: the tables in README.md and docs/performance.md, between their marks, out of what was measured last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figures
from benchmarks.rows import Row

__all__ = ["PAGES", "page_with_tables", "write_tables"]

ROOT = Path(__file__).parent.parent
README, PERFORMANCE = ROOT / "README.md", ROOT / "docs" / "performance.md"


def write_tables(figures: Figures) -> None:
    """Put the tables in place of those before."""
    for page in PAGES:
        page.write_text(page_with_tables(page, figures), encoding="utf-8")


def page_with_tables(page: Path, figures: Figures) -> str:
    """Return the text of a page, with its part between the marks made anew."""
    before, _, rest = page.read_text(encoding="utf-8").partition("<!-- made by python -m benchmarks --report -->\n")
    _, mark, after = rest.partition("<!-- end of what was made -->")
    assert mark, page
    made = "\n".join(PAGES[page](figures))
    return f"{before}<!-- made by python -m benchmarks --report -->\n{made}\n{mark}{after}"


def _aims(figures: Figures) -> Iterator[str]:
    """Yield what there is a target for."""
    yield _where(figures)
    yield from _table(row for group in figures.groups.values() for row in group.rows if row.target is not None)


def _everything(figures: Figures) -> Iterator[str]:
    """Yield all of it, by group, with the figures that each result was computed from."""
    yield _where(figures)
    for name, group in figures.groups.items():
        yield f"### `{name}`, {group.date}\n"
        yield from _table(iter(group.rows), with_details=True)


def _where(figures: Figures) -> str:
    where = f"On {figures.machine}, {figures.when()}; messages of 1.6 kB."
    return f"\n{where} CPU is the processor's time, of ours over the peer's.\n"


def _table(rows: Iterator[Row], *, with_details: bool = False) -> Iterator[str]:
    yield f"| what | result | target | CPU |{' of |' if with_details else ''}"
    yield f"|---|---|---|---|{'---|' if with_details else ''}"
    for row in rows:
        missed = "" if row.is_met else " **(missed)**"
        aim = "" if row.target is None else f"at {'least' if row.at_least else 'most'} {_said(row.target, row.unit)}"
        of = "; ".join(
            f"{name} {value:.3g}" if abs(value) < 1000 else f"{name} {value:,.0f}"
            for name, value in row.details.items()
        )
        last = f" {of} |" if with_details else ""
        used = "" if row.processor is None else _said(row.processor, "x")
        yield f"| {row.what.strip()} | {_said(row.result, row.unit)}{missed} | {aim} | {used} |{last}"
    yield ""


def _said(value: float, unit: str) -> str:
    number = f"{value:.2f}".rstrip("0").rstrip(".") if value < 100 else f"{value:,.0f}"
    return f"{number} times" if unit == "x" else f"{number} {unit}".strip()


PAGES = {README: _aims, PERFORMANCE: _everything}
