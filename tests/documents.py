"""Documents: the blocks of code in a page, run in order, as a reader would who follows it.

A page has a folder, a sandbox and a namespace of its own. What each kind of block does:

- ``python``: runs, with ``client`` for the page's sandbox; ``await`` stands where it likes, and lines that begin with
  ``# >`` are what is printed. With ``title="name.py"`` it is a file of that name.
- ``sh`` and ``console``: ``kauneonga`` runs in this process, anything else in bash. In ``console``, lines without ``$``
  are what is printed; ``...`` stands for anything.
- ``sql``: runs in DuckDB.
- ``toml`` is a file of its title's name.
- After ``<!-- not run: why -->`` it does nothing, and its reason is counted. Only ``text`` is not code.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import doctest
import gc
import inspect
import io
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from kauneonga_async import KauneongaClient
from kauneonga_async.cli.app import run_app
from kauneonga_async.sandbox import Sandbox

RUN = ("python", "sh", "console", "sql", "toml", "js")
_FENCE = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^\n]+) -->\n+)?"
    r"^(?P<indent> *)```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_PRINTED = re.compile(r"^ *# ?> ?(.*)$", re.MULTILINE)
_SHELL = re.compile(r"[|&;<>`]|\$\(")


class Block(NamedTuple):
    """A block of code."""

    line: int
    language: str
    title: str | None
    reason: str | None
    code: str


def blocks_of(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        if found["language"] in RUN:
            line = text.count("\n", 0, found.start("code")) + 1
            code = inspect.cleandoc(found["code"]) if found["indent"] else found["code"]
            yield Block(line, found["language"], found["title"], found["reason"], code)


class Reader:
    """Somebody who follows a page, in the current folder."""

    def __init__(self, sandbox: Sandbox, page: Path) -> None:
        self._sandbox = sandbox
        self._page = page
        self._names: dict[str, Any] = {"__name__": "__main__"}

    def follow(self) -> None:
        with asyncio.Runner() as loop:
            client = KauneongaClient(self._sandbox.base_url, self._sandbox.token)
            self._names["client"] = client
            try:
                for block in blocks_of(self._page):
                    if block.reason is None:
                        self._follow(block, loop)
            finally:
                loop.run(client.aclose())
        self._leave()

    def _follow(self, block: Block, loop: asyncio.Runner) -> None:
        # What a page says in place of an account is the sandbox's.
        code = re.sub(r"https://\w+\.example\.com/api", self._sandbox.base_url, block.code)
        code = code.replace('"..."', f'"{self._sandbox.token}"').replace("_TOKEN=...", f"_TOKEN={self._sandbox.token}")
        where = f"{self._page}:{block.line}"
        if block.title:
            path = Path(block.title).expanduser()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(code, encoding="utf-8")
        elif block.language == "python":
            printed = self._run_python("\n" * (block.line - 1) + code, loop)
            expected = _PRINTED.findall(code)
            assert not expected or _agree("\n".join(expected), printed), f"{where} printed:\n{printed}"
        elif block.language == "sql":
            import duckdb  # noqa: PLC0415 - half a second, for one page

            duckdb.execute(code).fetchall()
        else:
            for command, expected_output in _commands(block._replace(code=code)):
                self._run_command(command, expected_output, where)

    def _run_python(self, code: str, loop: asyncio.Runner) -> str:
        compiled = compile(code, self._page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            if compiled.co_flags & inspect.CO_COROUTINE:

                async def run() -> None:
                    await eval(compiled, self._names)

                loop.run(run())
            else:
                exec(compiled, self._names)
        return printed.getvalue()

    def _run_command(self, command: str, expected: str, where: str) -> None:
        words = shlex.split(command, comments=True)
        if words[0] == "export":
            for word in words[1:]:
                name, _, value = word.partition("=")
                os.environ[name] = value
            return
        # `kauneonga` and `python` are this environment's.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path}
        if words[:2] == ["kauneonga", "watch"]:
            self._watch(words, environment, where)
            return
        if words[0] == "kauneonga" and not _SHELL.search(command):
            out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
            err = io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run_app(words[1:])
            out.seek(0)
            printed = out.read() + err.getvalue()
        else:
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", command],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            code, printed = done.returncode, done.stdout + done.stderr
        assert code == 0, f"{where}: {command}: {printed}"
        assert not expected.strip() or _agree(expected, printed), f"{where}: {command} printed:\n{printed}"

    def _leave(self) -> None:
        """Make sure that nothing stays open: garbage that is collected later would be another page's failure."""
        with warnings.catch_warnings(record=True, action="always", category=ResourceWarning) as left_open:
            self._names.clear()
            gc.collect()
        assert not left_open, f"{self._page} leaves open: {left_open[0].message}"

    def _watch(self, words: list[str], environment: dict[str, str], where: str) -> None:
        """Let a watch ask twice: it goes on until it is ended."""
        asked = len(self._sandbox.requests) + 1
        with subprocess.Popen([*words, "--interval", "1"], env=environment, stderr=subprocess.PIPE, text=True) as watch:
            while len(self._sandbox.requests) <= asked and watch.poll() is None:
                time.sleep(0.05)
            watch.terminate()
            _, said = watch.communicate()
        assert watch.returncode == 128 + signal.SIGTERM, f"{where}: {said}"


def _commands(block: Block) -> Iterator[tuple[str, str]]:
    if block.language == "sh":
        joined = block.code.replace("\\\n", " ")
        for line in joined.splitlines():
            if line.strip() and not line.startswith("#"):
                yield line, ""
        return
    for part in re.split(r"^\$ ", block.code, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def _agree(expected: str, printed: str) -> bool:
    # "..." is written where the doctest's ellipsis would stand; widths of columns are not what is checked.
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return doctest.OutputChecker().check_output(expected.strip() + "\n", printed.strip() + "\n", options)
