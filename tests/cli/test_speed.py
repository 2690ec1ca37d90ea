"""What the extra `speed` brings is used by the command where it is there, and by the command alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

REPORT = """
async def report():
    from aiohttp.compression_utils import ZLibBackend
    print(type(asyncio.get_running_loop()).__module__, ZLibBackend.name)
"""
COMMAND = f"import asyncio, sys\nfrom kauneonga_async.cli import job\n{REPORT}\njob.run(report())"
LIBRARY = f"import asyncio\nfrom kauneonga_async import KauneongaClient\n{REPORT}\nasyncio.run(report())"


def said(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_the_command_is_fast_where_it_can_be() -> None:
    pytest.importorskip("uvloop")
    pytest.importorskip("isal")
    assert said(COMMAND) == "uvloop isal.isal_zlib"


def test_the_command_runs_without_the_extra() -> None:
    absent = "import importlib.util as u\nu.find_spec = lambda name, package=None: None\n"
    assert said(absent + COMMAND) == "asyncio.unix_events zlib"


def test_the_library_leaves_the_process_as_it_is() -> None:
    assert said(LIBRARY) == "asyncio.unix_events zlib"
