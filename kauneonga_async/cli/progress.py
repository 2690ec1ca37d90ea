"""How far an export is, on stderr: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.progress import TaskID

    from kauneonga_async import ExportReport

__all__ = ["Progress", "amount", "summary"]

_LINE_EVERY = 10.0  # seconds


class Progress:
    """To be an export's ``progress``.

    Args:
        title: What is exported.
        quiet: Whether to show nothing.
    """

    def __init__(self, title: str, *, quiet: bool = False) -> None:
        self._title = title
        self._quiet = quiet
        self._bar: Any = None
        self._task: TaskID | None = None
        self._told = 0.0

    def __enter__(self) -> Progress:
        if not self._quiet and sys.stderr.isatty():
            self._bar = _bar()
            self._task = self._bar.add_task(self._title, total=None, counts="")
            self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, report: ExportReport) -> None:
        """Show it."""
        if self._bar is not None:
            self._bar.update(
                self._task,
                completed=report.parts_kept + report.parts,
                total=report.parts_kept + max(report.parts, report.parts_planned),
                counts=_counts(report),
            )
        elif not self._quiet and report.seconds - self._told >= _LINE_EVERY:
            self._told = report.seconds
            files = f"{report.parts_kept + report.parts}/{report.parts_kept + report.parts_planned} files"
            click.echo(f"{self._title}: {files}, {_counts(report)}{_time_left(report)}", err=True)


def summary(report: ExportReport, place: object) -> str:
    """Return one line about an export that is done."""
    rate = report.records / report.seconds if report.seconds else 0.0
    kept = f", and {report.records_kept:,} in {report.parts_kept:,} before" if report.parts_kept else ""
    gone = f", {report.without_details:,} of them without details" if report.without_details else ""
    until = "" if report.until is None else f", created before {report.until:%Y-%m-%d %H:%M} UTC"
    return (
        f"{report.records:,} messages in {report.parts:,} files{gone}{kept}{until}; "
        f"{amount(report.bytes_written)} in {place}; "
        f"{report.seconds:.1f} s, {rate:,.0f} records/s, {report.stream.retries} retries"
    )


def amount(size: float) -> str:
    """Return bytes as people say them."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:  # noqa: PLR2004 - SI
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _counts(report: ExportReport) -> str:
    rate = report.records / report.seconds if report.seconds else 0.0
    retries = f", {report.stream.retries} retries" if report.stream.retries else ""
    return f"{report.records:,} records, {rate:,.0f}/s{retries}"


def _time_left(report: ExportReport) -> str:
    if not report.parts:
        return ""
    left = report.seconds / report.parts * max(0, report.parts_planned - report.parts)
    minutes, seconds = divmod(round(left), 60)
    return f", {minutes}:{seconds:02} left"


def _bar() -> Any:
    from rich import progress
    from rich.console import Console

    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(bar_width=24),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[counts]}"),
        progress.TimeRemainingColumn(compact=True),
        console=Console(stderr=True),
    )
