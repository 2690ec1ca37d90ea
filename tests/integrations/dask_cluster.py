"""A Dask cluster in processes of their own, which can be killed, and are started again as a cluster's keeper would."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parent.parent.parent


class DaskCluster:
    """A scheduler and workers of one thread each, on this machine.

    Args:
        folder: Where they write their logs and what they spill.
        workers: How many workers.
        env: Their environment, besides this process's own.
    """

    def __init__(self, folder: Path, workers: int = 2, env: dict[str, str] | None = None) -> None:
        self._folder = folder
        self._env = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self._port}"
        self._names = ["scheduler", *(f"worker-{number}" for number in range(1, workers + 1))]
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep)

    def __enter__(self) -> DaskCluster:
        for name in self._names:
            self._start(name)
        self._keeper.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._keeper.join()
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait()

    @property
    def workers(self) -> list[str]:
        """The names of the workers."""
        return self._names[1:]

    def kill(self, name: str) -> None:
        """Kill one; it is started again."""
        self._running[name].send_signal(signal.SIGKILL)

    def log(self) -> str:
        """Return all that they have said."""
        return "".join(path.read_text() for path in sorted(self._folder.glob("*.log")))

    def _keep(self) -> None:
        while not self._ended.wait(0.05):
            for name, process in list(self._running.items()):
                if process.poll() is not None:
                    self._start(name)

    def _start(self, name: str) -> None:
        if name == "scheduler":
            command = [
                "scheduler",
                "--host",
                "127.0.0.1",
                "--port",
                str(self._port),
                "--dashboard-address",
                "127.0.0.1:0",
            ]
        else:
            command = ["worker", self.address, "--host", "127.0.0.1", "--name", f"{name}-{time.monotonic_ns()}"]
            command += ["--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", str(self._folder)]
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", "dask", *command], env=self._env, stdout=log, stderr=log, cwd=self._folder
            )
