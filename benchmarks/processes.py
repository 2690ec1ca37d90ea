"""Servers and contenders, each in a process of its own."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

__all__ = ["compiled", "contend", "curl", "sandbox", "server", "watched", "web_app"]


@contextmanager
def server(messages: int, start: str, end: str, **more: float) -> Iterator[str]:
    """Run the plain server; give the URL under which ``/v2/...`` stands."""
    settings = json.dumps({"messages": messages, "start": start, "end": end, **more})
    with _running([sys.executable, "-m", "benchmarks.server", settings]) as first_line:
        yield f"http://127.0.0.1:{first_line}/api"


@contextmanager
def watched(messages: int, period: float | None = None) -> Iterator[str]:
    """Run the server for pollers; give the URL under which ``/v2/...`` stands."""
    settings = json.dumps({"messages": messages, "period": period})
    with _running([sys.executable, "-m", "benchmarks.watched", settings]) as first_line:
        yield f"http://127.0.0.1:{first_line}/api"


@contextmanager
def sandbox(*options: str) -> Iterator[str]:
    """Run the sandbox by its command; give the URL under which ``/v2/...`` stands."""
    code = "from kauneonga_async.cli import main; main()"
    with _running([sys.executable, "-c", code, "sandbox", "--port", "0", *options]) as first_line:
        yield first_line.removeprefix("export KAUNEONGA_BASE_URL=")


@contextmanager
def web_app(base_url: str) -> Iterator[str]:
    """Run the web application on top of a server; give its URL."""
    with _running([sys.executable, "-m", "benchmarks.web_app", base_url]) as first_line:
        yield f"http://127.0.0.1:{first_line}"


def contend(module: str, function: str, **arguments: Any) -> dict[str, Any]:
    """Run a contender; return its result."""
    command = [sys.executable, "-m", "benchmarks.contenders", module, function, json.dumps(arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=compiled(), check=False)
    if done.returncode:
        raise RuntimeError(f"{module}.{function} failed:\n{done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@cache
def compiled() -> dict[str, str]:
    """Return an environment in which what is imported is compiled once, as pip does when it installs."""
    folder = tempfile.mkdtemp(prefix="kauneonga-benchmarks-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**env, "PYTHONPYCACHEPREFIX": folder}


def curl(urls: list[str], folder: str, at_once: int = 50) -> dict[str, float]:
    """Fetch bodies to files, many at once; return the seconds from curl's start to its end, and the processor's."""
    os.mkdir(folder)  # noqa: PTH102 - what is measured is not pathlib
    command = [
        "curl",
        "--silent",
        "--no-progress-meter",
        "--fail",
        "--parallel",
        "--parallel-max",
        str(at_once),
        "-H",
        "Authorization: Bearer sandbox-token",
    ]
    for number, url in enumerate(urls):
        command += [url, "-o", f"{folder}/{number}"]
    began, used = time.perf_counter(), os.times()
    subprocess.run(command, check=True)
    seconds, done = time.perf_counter() - began, os.times()
    processor = done.children_user - used.children_user + done.children_system - used.children_system
    return {"seconds": seconds, "processor": processor}


@contextmanager
def _running(command: list[str]) -> Iterator[str]:
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, env=env) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
