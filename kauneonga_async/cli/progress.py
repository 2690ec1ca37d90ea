"""How far an export is, on stderr: a bar on a terminal, a line now and then in a log; and what it came to."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from kauneonga_async.cli.amounts import amount, counted

if TYPE_CHECKING:
    from rich.progress import TaskID

    from kauneonga_async import ExportReport, RecordingsReport

__all__ = ["Progress", "recordings_summary", "summary"]

_LINE_EVERY = 10.0  # seconds


class Progress:
    """To be an export's ``progress``; for recordings, its method of that name.

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
        if not self._quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
            self._bar = _bar()
            self._task = self._bar.add_task(self._title, total=None, files="", counts="")
            self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, report: ExportReport) -> None:
        """Show how far an export of messages is."""
        self._show(
            report.parts_kept + report.parts,
            report.parts_kept + max(report.parts, report.parts_planned),
            _counts(report),
            report.seconds,
            _time_left(report),
        )

    def of_recordings(self, report: RecordingsReport) -> None:
        """Show how far an export of recordings is: nobody knows how many there are before the list has ended."""
        done = report.downloaded + report.kept
        not_there = report.expired + report.missing + report.failed
        troubles = f", {not_there:,} not to be had" if not_there else ""
        rate = report.bytes_written / report.seconds if report.seconds else 0.0
        counts = f"{amount(report.bytes_written)}, {amount(rate)}/s{troubles}"
        self._show(done, report.listed, counts, report.seconds)

    def _show(self, done: int, total: int, counts: str, seconds: float, left: str = "") -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total, files=f"{done}/{total}", counts=counts)
        elif not self._quiet and seconds - self._told >= _LINE_EVERY:
            self._told = seconds
            click.echo(f"{self._title}: {done}/{total} files, {counts}{left}", err=True)


def recordings_summary(report: RecordingsReport, place: object) -> str:
    """Return one line about an export of recordings that is done."""
    parts = [
        f"{report.downloaded:,} of {counted(report.listed, 'recording')} downloaded",
        f"{report.kept:,} there before" if report.kept else "",
        *(
            f"{count:,} {what}"
            for count, what in (
                (report.without_audio, "without audio"),
                (report.expired, "expired"),
                (report.missing, "missing"),
                (report.failed, "failed"),
            )
            if count
        ),
        f"{amount(report.bytes_written)} in {place}",
    ]
    return f"{', '.join(filter(None, parts))}; {_effort(report.seconds, report.retries)}"


def summary(report: ExportReport, place: object) -> str:
    """Return what an export came to, in two lines that fit a terminal."""
    parts = [
        f"{counted(report.records, 'message')} in {counted(report.parts, 'file')}",
        f"{report.without_details:,} of them without details" if report.without_details else "",
        f"{report.records_kept:,} in {counted(report.parts_kept, 'file')} there before" if report.parts_kept else "",
        f"{amount(report.bytes_written)} in {place}",
    ]
    until = "" if report.until is None else f"created before {report.until:%Y-%m-%d %H:%M} UTC; "
    return f"{', '.join(filter(None, parts))}\n{until}{_effort(report.seconds, report.stream.retries)}"


def _effort(seconds: float, retries: int) -> str:
    again = f", {counted(retries, 'retry', 'retries')}" if retries else ""
    return f"{seconds:.1f} s{again}"


def _counts(report: ExportReport) -> str:
    rate = report.records / report.seconds if report.seconds else 0.0
    again = f", {counted(report.stream.retries, 'retry', 'retries')}" if report.stream.retries else ""
    return f"{counted(report.records, 'record')}, {rate:,.0f}/s{again}"


def _time_left(report: ExportReport) -> str:
    if not report.parts:
        return ""
    left = report.seconds / report.parts * max(0, report.parts_planned - report.parts)
    minutes, seconds = divmod(round(left), 60)
    return f", {minutes}:{seconds:02} left"


def _bar() -> Any:
    from rich import progress
    from rich.console import Console
    from rich.table import Column

    # Narrow enough for 80 columns; gone when it is done, for the summary says it all.
    return progress.Progress(
        progress.TextColumn("{task.description}", table_column=Column(no_wrap=True)),
        progress.BarColumn(bar_width=16),
        progress.TextColumn("{task.fields[files]}", table_column=Column(no_wrap=True)),
        progress.TextColumn("{task.fields[counts]}", table_column=Column(no_wrap=True, overflow="ellipsis")),
        progress.TimeRemainingColumn(compact=True, table_column=Column(no_wrap=True)),
        console=Console(stderr=True),
        transient=True,
    )
