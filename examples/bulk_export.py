"""A data engineer's job: a quarter of messages to JSON Lines, then read back.

Needs KAUNEONGA_BASE_URL and KAUNEONGA_TOKEN; `kauneonga sandbox` prints both for a server to try it on.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import date
from pathlib import Path

from kauneonga_async import ExportReport, KauneongaClient, export_messages


def show(report: ExportReport) -> None:
    """Tell how far it is."""
    print(f"\r{report.parts} of {report.parts_planned} files, {report.records} messages", end="", file=sys.stderr)


async def export(folder: Path) -> None:
    """Write the files."""
    async with KauneongaClient() as client:
        report = await export_messages(client, folder, date(2025, 1, 1), date(2025, 3, 31), progress=show)
    print(f"\n{report.records} messages in {report.seconds:.1f} s, {report.stream.retries} retries", file=sys.stderr)


def count_by_status(folder: Path) -> dict[str, int]:
    """Read the files."""
    counts: dict[str, int] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            status = str(json.loads(line)["status"])
            counts[status] = counts.get(status, 0) + 1
    return counts


def main(folder: Path) -> None:
    """Export, then count."""
    asyncio.run(export(folder))
    print(json.dumps(count_by_status(folder), sort_keys=True))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "messages"))
