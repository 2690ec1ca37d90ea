"""What nobody uses is not imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

THEIRS = ["dask", "distributed", "fastapi", "opentelemetry", "starlette", "uvicorn", "uvloop"]


@pytest.mark.parametrize(
    ("used", "brings"),
    [
        ("from kauneonga_async import KauneongaClient, export_messages, Fleet", []),
        ("import kauneonga_async.integrations.aiohttp_web", []),
        ("import kauneonga_async.integrations.starlette", ["starlette"]),
        ("import kauneonga_async.integrations.opentelemetry", ["opentelemetry"]),
    ],
)
def test_an_import_brings_no_framework_but_its_own(used: str, brings: list[str]) -> None:
    code = f"{used}; import sys; print([m for m in {THEIRS!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == str(brings)
