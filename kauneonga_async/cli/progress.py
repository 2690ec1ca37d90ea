"""How far an export is, on stderr: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.progress import TaskID

    from kauneonga_async import ExportReport, RecordingsReport

__all__ = ["Progress", "amount", "recordings_summary", "summary"]

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
        if not self._quiet and sys.stderr.isatty():
            self._bar = _bar()
            self._task = self._bar.add_task(self._title, total=None, counts="")
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
        retries = f", {report.retries} retries" if report.retries else ""
        rate = report.bytes_written / report.seconds if report.seconds else 0.0
        self._show(
            done, report.listed, f"{amount(report.bytes_written)}, {amount(rate)}/s{troubles}{retries}", report.seconds
        )

    def _show(self, done: int, total: int, counts: str, seconds: float, left: str = "") -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total, counts=counts)
        elif not self._quiet and seconds - self._told >= _LINE_EVERY:
            self._told = seconds
            click.echo(f"{self._title}: {done}/{total} files, {counts}{left}", err=True)


def recordings_summary(report: RecordingsReport, place: object) -> str:
    """Return one line about an export of recordings that is done."""
    kept = f", and {report.kept:,} before" if report.kept else ""
    rest = "".join(
        f", {count:,} {what}"
        for count, what in (
            (report.without_audio, "without audio"),
            (report.expired, "expired"),
            (report.missing, "missing"),
            (report.failed, "failed"),
        )
        if count
    )
    return (
        f"{report.downloaded:,} of {report.listed:,} recordings downloaded{kept}{rest}; "
        f"{amount(report.bytes_written)} in {place}; {report.seconds:.1f} s, {report.retries} retries"
    )


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
