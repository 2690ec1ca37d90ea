"""An export of twenty days, a file a day."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from kauneonga_async import ExportReport, KauneongaClient, export_messages

FIRST, LAST = date(2025, 1, 1), date(2025, 1, 20)
DAY = timedelta(days=1)
JOURNAL = "_messages.journal"


async def export(client: KauneongaClient, folder: Path, **options: Any) -> ExportReport:
    options = {"window": DAY, "concurrency": 1, **options}
    return await export_messages(client, folder, FIRST, LAST, **options)
