"""Terminal: what a command shows on a terminal of 80 columns, as a picture: `python -m tools.terminal`.

It writes docs/images/demo.svg, which the README shows, and needs the extra `cli`, on Linux or macOS.
"""

from __future__ import annotations

import inspect
import io
import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

PICTURE: Final = Path(__file__).parent.parent / "docs" / "images" / "demo.svg"
COLUMNS: Final = 80
_CONTROL = re.compile(r"\x1b\[(\??[\d;]*)([A-Za-z])")
_FONTS: Final = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
# The colours of the documentation's drawings on dark pages.
_THEME: Final = TerminalTheme(
    (27, 32, 41),
    (232, 236, 243),
    [
        (58, 67, 82),
        (232, 133, 133),
        (113, 201, 134),
        (220, 174, 77),
        (110, 174, 245),
        (183, 155, 230),
        (90, 190, 200),
        (232, 236, 243),
    ],
)


def run_on_terminal(command: list[str], environment: dict[str, str], folder: Path | None = None) -> tuple[int, str]:
    """Run a command with a terminal for its output; return its exit code and all that it wrote."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment, cwd=folder) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:  # Linux says EIO when the other side is closed
                break
            if not data:
                break
            written += data
    os.close(ours)
    return process.returncode, written.decode()


def shown(arguments: list[str], folder: Path) -> str:
    """Return what `kauneonga` leaves on a terminal, with its colours."""
    command = [sys.executable, "-c", "from kauneonga_async.cli import main; main()", *arguments]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    code, written = run_on_terminal(command, environment, folder)
    if code:
        sys.exit(written)
    return screen(written)


def screen(written: str) -> str:
    """Return what is left when lines were erased and written over, as a bar of progress does."""
    lines, row, place = [""], 0, 0
    while place < len(written):
        control = _CONTROL.match(written, place)
        if control is None:
            if written[place] == "\n":
                row += 1
                if row == len(lines):
                    lines.append("")
            elif written[place] != "\r":
                lines[row] += written[place]
            place += 1
            continue
        place = control.end()
        if control[2] == "m":
            lines[row] += control[0]
        elif control[2] == "K":
            lines[row] = ""
        elif control[2] == "A":
            row -= int(control[1] or 1)
    return "\n".join(lines)


def draw(text: str) -> str:
    """Return a terminal's picture as SVG, without fonts of its own."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in text.splitlines():
        console.print(Text.from_ansi(line), no_wrap=True, crop=True)
    usual: str = inspect.signature(Console.export_svg).parameters["code_format"].default
    form = re.sub(r"\s*@font-face \{\{.*?\}\}\n", "\n", usual, flags=re.DOTALL)
    form = form.replace("Fira Code, monospace", _FONTS).replace("font-family: arial", f"font-family: {_FONTS}")
    return console.export_svg(
        title="kauneonga", theme=_THEME, code_format=form, unique_id="terminal", font_aspect_ratio=0.6
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        PICTURE.write_text(draw("$ kauneonga demo\n" + shown(["demo", "-o", "demo"], Path(place))), encoding="utf-8")
