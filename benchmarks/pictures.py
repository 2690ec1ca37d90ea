"""Pictures: what was measured, drawn by matplotlib as SVG for light and dark pages, without fonts of its own."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.ticker import NullFormatter

from benchmarks.figures import Figures
from benchmarks.rows import Row

__all__ = ["draw"]

FOLDER = Path(__file__).parent.parent / "docs" / "images"
# As the documentation's other drawings have them: on light pages, and on dark ones.
TEXT, QUIET, RULE, CARD = "#1b2330", "#4a566b", "#d5d9e0", "#ffffff"
OURS, PEER, MISSED, MET = "#2c6cb5", "#a3afc2", "#b23b3b", "#2f8544"
DARK: Final = {
    TEXT: "#e8ecf3",
    QUIET: "#b6c0d0",
    RULE: "#3a4352",
    CARD: "#1b2029",
    OURS: "#6eaef5",
    PEER: "#66738a",
    MISSED: "#e88585",
    MET: "#71c986",
}
# Peers of the picture of memory, told apart by more than their colour.
LINES = (("#b07d16", "s"), ("#7a5ea8", "^"), ("#2f8544", "D"), ("#b23b3b", "v"), ("#5b6b85", "P"))
DARK_LINES: Final = {"#b07d16": "#dcae4d", "#7a5ea8": "#b79be6", "#5b6b85": "#93a3bd"}
WIDTH = 7.2  # inches, of 100 units each in the SVG


def draw(figures: Figures, folder: Path = FOLDER) -> None:
    """Draw whatever the figures have the rows for."""
    mpl.rcParams.update(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "kauneonga",
            "font.family": "sans-serif",
            "font.size": 10,
            "text.color": TEXT,
            "axes.edgecolor": RULE,
            "axes.labelcolor": QUIET,
            "xtick.color": QUIET,
            "ytick.color": QUIET,
            "xtick.labelcolor": QUIET,
            "ytick.labelcolor": TEXT,
        }
    )
    for name, (series, title, picture) in PICTURES.items():
        if rows := figures.series(series) if series else _aims(figures):
            figure = picture(rows)
            figure.text(0.025, 1 - 0.24 / figure.get_figheight(), title, fontsize=12, weight="bold", va="center")
            note = f"{figures.machine}, {figures.when()}"
            figure.text(0.025, 0.16 / figure.get_figheight(), note, fontsize=8, color=QUIET, va="center")
            _save(figure, folder / f"benchmark-{name}.svg", title)
            plt.close(figure)


def _aims(figures: Figures) -> list[Row]:
    return [row for group in figures.groups.values() for row in group.rows if row.target is not None]


def _bars(unit: str, scale: float, *, more_is_better: bool) -> Callable[[list[Row]], Any]:
    """Return what draws one bar a contender, the best at the top."""

    def picture(rows: list[Row]) -> Any:
        values = {
            name.removesuffix(", us").removesuffix(", MB/s"): value / scale
            for row in rows
            for name, value in row.details.items()
        }
        ranked = sorted(values.items(), key=lambda item: item[1], reverse=not more_is_better)
        left = _room_for((name for name, _ in ranked), 0.078)
        figure, axes = _canvas(len(ranked) * 0.34 + 0.95, left=left, right=0.85, top=0.5, bottom=0.42)
        colours = [OURS if name == "ours" else PEER for name, _ in ranked]
        bars = axes.barh(range(len(ranked)), [value for _, value in ranked], color=colours, height=0.62)
        axes.set_yticks(range(len(ranked)), ["kauneonga_async" if name == "ours" else name for name, _ in ranked])
        axes.bar_label(bars, labels=[f"{value:,.0f} {unit}" for _, value in ranked], padding=5, color=TEXT)
        axes.set_xticks([])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.margins(x=0.0, y=0.03)
        return figure

    return picture


def _memory(rows: list[Row]) -> Any:
    """Draw the growth of memory over the size of a body, a line a contender."""
    figure, axes = _canvas(4.1, left=0.75, right=2.85, top=0.6, bottom=0.85)
    sizes = [row.at for row in rows]
    ends: list[tuple[float, str, str]] = []
    for number, name in enumerate(rows[0].details):
        colour, marker = (OURS, "o") if name == "ours" else LINES[(number - 1) % len(LINES)]
        values = [max(row.details[name], 0.3) for row in rows]
        axes.plot(sizes, values, color=colour, marker=marker, markersize=5, linewidth=2.6 if name == "ours" else 1.4)
        told = "kauneonga_async" if name == "ours" else name
        ends.append((values[-1], f"{told}: {_size(values[-1])}", colour))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(sizes, [f"{size:g} MB" for size in sizes])
    axes.set_xlabel("size of the list's body")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f} MB" if value >= 1 else "")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_formatter(NullFormatter())
    axes.tick_params(which="both", length=0)
    axes.tick_params(axis="y", labelcolor=QUIET)
    axes.grid(visible=True, axis="y", color=RULE, linewidth=0.7)
    axes.spines[:].set_visible(False)
    _label_ends(axes, ends)
    return figure


def _size(megabytes: float) -> str:
    if megabytes < 1:
        return "under 1 MB"
    return f"{megabytes:,.0f} MB" if megabytes < 1000 else f"{megabytes / 1000:.1f} GB"


def _label_ends(axes: Any, ends: list[tuple[float, str, str]]) -> None:
    """Write each line's name at its end, as near as they can stand without touching."""
    low, high = axes.get_ylim()
    step = (high / low) ** 0.075  # a line of text
    place = high * step
    for value, told, colour in sorted(ends, reverse=True):
        place = min(value, place / step)
        axes.annotate(told, (1.03, place), xycoords=("axes fraction", "data"), color=colour, va="center")


def _targets(rows: list[Row]) -> Any:
    """Draw how each result stands to its target: right of the line it is met, left of it missed."""
    better = {row.what.strip(): _better(row) for row in rows}
    ranked = sorted(better.items(), key=lambda item: item[1])
    left = _room_for((name for name, _ in ranked), 0.067)
    figure, axes = _canvas(len(ranked) * 0.25 + 1.15, left=left, right=0.55, top=0.55, bottom=0.7)
    axes.set_xscale("log")
    for place, (_, value) in enumerate(ranked):
        colour = MET if value >= 1 else MISSED
        axes.plot([1, value], [place, place], color=colour, linewidth=2)
        axes.plot([value], [place], color=colour, marker="o" if value >= 1 else "X", markersize=6)
    axes.axvline(1, color=QUIET, linewidth=1)
    axes.set_yticks(range(len(ranked)), [name for name, _ in ranked], fontsize=8.5)
    shown = [tick for tick in (0.03, 0.1, 0.3, 1, 3, 10) if ranked[0][1] / 1.3 <= tick <= ranked[-1][1] * 1.3]
    axes.set_xticks(shown, [f"{tick:g}" if tick != 1 else "target" for tick in shown], fontsize=8.5)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(which="both", length=0)
    axes.set_xlabel("times better than its target; a cross is a miss", fontsize=8.5)
    axes.grid(visible=True, axis="x", color=RULE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    axes.margins(x=0.06, y=0.02)
    return figure


def _better(row: Row) -> float:
    assert row.target is not None
    least, most = 1 / 16, 16.0
    if row.at_least:
        return max(row.result / row.target, least)
    return min(row.target / row.result if row.result > 0 else most, most)


def _room_for(names: Iterable[str], character: float) -> float:
    """Return a margin for labels, given how wide their characters are, in inches."""
    return 0.3 + max(len(name) for name in names) * character


def _canvas(height: float, *, left: float, right: float, top: float, bottom: float) -> tuple[Any, Any]:
    """Return a figure and its axes, with margins in inches."""
    figure = plt.figure(figsize=(WIDTH, height))
    width = (WIDTH - left - right) / WIDTH
    return figure, figure.add_axes((left / WIDTH, bottom / height, width, (height - top - bottom) / height))


def _save(figure: Any, path: Path, title: str) -> None:
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", facecolor="none", metadata={"Date": None, "Title": title})
    rules = "".join(
        f'[style*="{part}: {light}"]{{{part}:{dark}!important}}'
        for light, dark in (DARK | DARK_LINES).items()
        for part in ("fill", "stroke")
    )
    height = figure.get_figheight() * 72 - 2
    head = (
        "<style>text{font-family:system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif!important}"
        f"@media(prefers-color-scheme:dark){{{rules}}}</style>"
        f'<rect x="1" y="1" width="{WIDTH * 72 - 2:g}" height="{height:g}" rx="8" '
        f'style="fill: {CARD}; stroke: {RULE}"/>'
    )
    start, defs, rest = drawn.getvalue().partition("<defs>")
    path.write_text(f"{start}{head}{defs}{rest}", encoding="utf-8")


# By name: the series of rows (the targets of all without), the title, and what draws it.
PICTURES: Final[dict[str, tuple[str, str, Callable[[list[Row]], Any]]]] = {
    "stream": (
        "stream",
        "A list of 30 MB as records: thousands of records a second",
        _bars("k/s", 1000, more_is_better=True),
    ),
    "get": ("get", "One message: median latency in microseconds, less is better", _bars("µs", 1, more_is_better=False)),
    "export": ("export", "Export to JSON Lines: MB a second onto the disk", _bars("MB/s", 1, more_is_better=True)),
    "memory": ("memory", "What reading one list adds to a process's memory", _memory),
    "targets": ("", "What was aimed at, and what was reached", _targets),
}
