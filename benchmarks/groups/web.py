"""A web application under load: what it leaks, and what our client adds to a page."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Iterator

from benchmarks.processes import server, web_app
from benchmarks.rows import Row
from benchmarks.visitors import ask, leaked, read_or_leave, visit

MESSAGES = 1000


def web(rounds: int, visitors: int = 500, times: int = 4) -> Iterator[Row]:
    """Uvicorn, so many requests at once, half of those for many messages broken off half-way."""
    with server(MESSAGES, "2025-01-06", "2025-01-12") as base_url, web_app(base_url) as url:
        yield from _breaking_off(url, visitors)
        yield from _latency(url, rounds, visitors, times)


def _breaking_off(url: str, visitors: int) -> Iterator[Row]:
    seen = asyncio.run(read_or_leave(f"{url}/many", visitors))
    if seen != {"lines": MESSAGES * (visitors // 2), "left": visitors - visitors // 2}:
        raise RuntimeError(f"not every page was whole, or left: {seen}")
    left_over, seconds = asyncio.run(leaked(f"{url}/held"))
    yield Row(
        what=f"web: connections, places and streams leaked by {visitors} at once",
        result=left_over,
        target=0,
        unit="",
        details={"left half-way": seen["left"], "s until nothing was held": seconds},
    )


def _latency(url: str, rounds: int, visitors: int, times: int) -> Iterator[Row]:
    means: dict[str, list[float]] = {"ours": [], "bare": []}
    busy: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(3 * rounds):
        for page in ("ours", "bare"):
            before = asyncio.run(ask(f"{url}/busy"))
            seconds = asyncio.run(visit(f"{url}/{page}", times, visitors))
            busy[page].append((asyncio.run(ask(f"{url}/busy")) - before) / (times + 1) / visitors * 1e6)
            means[page].append(statistics.mean(seconds) * 1e3)
    what = f"web: mean latency of a page, {visitors} at once, against bare aiohttp"
    yield _row(what, "ms", means, None)
    # With so many at once latency is the wait for the processor, which other processes distort.
    yield _row("web: processor time of a page, against bare aiohttp", "us", busy, 1.15)


def _row(what: str, unit: str, values: dict[str, list[float]], target: float | None) -> Row:
    ratios = [ours / bare for ours, bare in zip(values["ours"], values["bare"], strict=True)]
    details = {f"{page}, {unit}": min(measured) for page, measured in values.items()}
    return Row(what=what, result=statistics.median(ratios), target=target, details=details)
