"""Arguments of exports: those that cannot be are named, before anything is asked for or written."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from kauneonga_async import KauneongaClient, export_messages, export_recordings, export_to_dos, verify_export
from kauneonga_async.sandbox import Sandbox


async def progress_to_await(report: Any) -> None: ...


@pytest.mark.parametrize(
    ("export", "arguments", "error", "said"),
    [
        (export_messages, {"client": "c"}, TypeError, "client.*str"),
        (export_messages, {"destination": 5}, TypeError, "destination.*int"),
        (export_messages, {"destination": ""}, ValueError, "destination"),
        (export_messages, {"format": 5}, TypeError, "format.*int"),
        (export_messages, {"format": "xml"}, ValueError, "format.*'xml'"),
        (export_messages, {"compression": 5}, TypeError, "compression.*int"),
        (export_messages, {"compression": "lz4"}, ValueError, "compression.*'lz4'"),
        (export_messages, {"format": "parquet", "compression": "gz"}, ValueError, "compression.*itself"),
        (export_messages, {"format": "csv", "answers": "caller"}, TypeError, "answers"),
        (export_messages, {"format": "csv", "answers": [5]}, TypeError, "answers"),
        (export_messages, {"answers": ["caller"]}, ValueError, "answers.*jsonl"),
        (export_messages, {"details": "yes"}, TypeError, "details.*str"),
        (export_messages, {"overwrite": 1}, TypeError, "overwrite.*int"),
        (export_messages, {"same_account": 1}, TypeError, "same_account.*int"),
        (export_messages, {"refresh_since": "2025-01-01"}, TypeError, "refresh_since.*str"),
        (export_messages, {"refresh_since": datetime(2025, 1, 1)}, ValueError, "refresh_since.*no time zone"),  # noqa: DTZ001 - what is refused
        (export_messages, {"refresh_since": date(2025, 1, 1), "overwrite": True}, ValueError, "refresh_since"),
        (export_messages, {"storage_options": 5}, TypeError, "storage_options.*int"),
        (export_messages, {"storage_options": {"key": "x"}}, ValueError, "storage_options"),
        (export_messages, {"progress": 5}, TypeError, "progress.*int"),
        (export_messages, {"progress": progress_to_await}, TypeError, "progress.*not awaited"),
        (export_recordings, {"client": "c"}, TypeError, "client.*str"),
        (export_recordings, {"destination": None}, TypeError, "destination.*None"),
        (export_recordings, {"overwrite": "yes"}, TypeError, "overwrite.*str"),
        (export_recordings, {"progress": progress_to_await}, TypeError, "progress.*not awaited"),
        (export_recordings, {"timeout": 0}, ValueError, "timeout"),
        (export_recordings, {"max_retries": -1}, ValueError, "max_retries"),
        (export_to_dos, {"client": "c"}, TypeError, "client.*str"),
        (export_to_dos, {"compression": "lz4"}, ValueError, "compression.*'lz4'"),
        (export_to_dos, {"timeout": "30"}, TypeError, "timeout.*str"),
    ],
)
async def test_arguments_that_cannot_be_are_named(
    export: Any,
    arguments: dict[str, Any],
    error: type[Exception],
    said: str,
    sandbox: Sandbox,
    client: KauneongaClient,
    tmp_path: Path,
) -> None:
    with pytest.raises(error, match=said):
        await export(**{"client": client, "destination": tmp_path / "export", **arguments})
    assert not sandbox.requests
    assert not (tmp_path / "export").exists()


async def test_what_is_verified_is_a_place() -> None:
    with pytest.raises(TypeError, match=r"destination.*int"):
        await verify_export(5)  # type: ignore[arg-type]
