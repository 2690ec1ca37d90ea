"""Reference: the pages that are made from the code itself: records' fields, defaults, and the command's help.

`python -m tools.site` writes them before each build. They are not kept in the repository, and so cannot be out of date.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from kauneonga_async import CallDetailRecord, CallRecording, Message, RecurrenceRule, ToDo, ToDoSchedule, config
from kauneonga_async.cli.app import app

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
RECORDS = (Message, ToDo, ToDoSchedule, RecurrenceRule, CallRecording, CallDetailRecord)
HELP_COLUMNS = 80

RECORDS_INTRO = """# Records

What the API says, as frozen [msgspec](https://jcristharif.com/msgspec/) structs. Every field but `id` may be
missing: it is `None` then. A field that is not here is kept by `record_type=dict` and by `record_type=msgspec.Raw`, or
by a subclass that has it: [custom answers](../custom-answers.md). `Instant` is an aware `datetime`, `Identifier` an
`int`, a `str` or `None`. No repr shows what was said, by whom, or to whom.
"""

DEFAULTS_INTRO = """# Defaults

Every default, once, with its unit, as `kauneonga_async/config.py` has it. Those of the first table are arguments of
[the client](client.md) and of its calls, but for the time to connect; the others are fixed, and stand here so that
nobody need guess.
"""

COMMAND_INTRO = """# The command

What `kauneonga` and each of its commands say of themselves with `--help`. Exit codes: 0 done, 1 failed, 2 wrong usage,
130 interrupted, 143 terminated.
"""

_CONSTANT = re.compile(r"^([A-Z_]+): Final = (.+?)(?:  # (?!noqa)(.+))?$")
_HEADING = re.compile(r"^# ([A-Z].*?)\.?$")


def write_pages() -> None:
    """Write the pages to where the others are."""
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make(), encoding="utf-8")


def _records() -> str:
    parts = [
        RECORDS_INTRO,
        "What is sent:\n",
        "::: kauneonga_async.Schedule\n",
    ]
    for record in RECORDS:
        parts.append(f"::: kauneonga_async.{record.__name__}\n    options:\n      members: false\n")
        annotations = inspect.get_annotations(record)
        rows = [
            f"| `{field.name}` | `{_type(annotations[field.name])}` |{_api_name(field)}"
            for field in msgspec.structs.fields(record)
            if not field.name.startswith("_")
        ]
        parts.append("\n".join(["| field | type | the API's name |", "|---|---|---|", *rows]) + "\n")
    return "\n".join(parts)


def _type(annotation: str) -> str:
    return annotation.replace("AnswersT", "dict[str, Any]").replace("RecordId", "int").replace("|", "\\|")


def _api_name(field: msgspec.structs.FieldInfo) -> str:
    return f" `{field.encode_name}` |" if field.encode_name != field.name else " |"


def _defaults() -> str:
    parts = [
        DEFAULTS_INTRO,
    ]
    for heading, constants in _sections():
        rows = [f"| `{name}` | `{value}` | {note} |" for name, value, note in constants]
        parts.append("\n".join([f"## {heading}\n", "| name | value | what it is |", "|---|---|---|", *rows]) + "\n")
    parts.append(
        "## The environment\n\n| variable | what it holds |\n|---|---|\n"
        f"| `{config.BASE_URL_VARIABLE}` | where the API stands, as `https://acme.example.com/api` |\n"
        f"| `{config.TOKEN_VARIABLE}` | the bearer token |\n"
    )
    return "\n".join(parts)


def _sections() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    source = Path(config.__file__).read_text(encoding="utf-8")
    heading, constants = "", list[tuple[str, str, str]]()
    for line in source.split('\nVERSION = "')[0].splitlines():
        if found := _HEADING.match(line):
            if constants:
                yield heading, constants
            heading, constants = found[1].split(":")[0], []
        elif found := _CONSTANT.match(line):
            constants.append((found[1], found[2], found[3] or ""))
    yield heading, constants


def _command() -> str:
    parts = [
        COMMAND_INTRO,
    ]
    for path, command in _commands(("kauneonga",), app):
        context = click.Context(command, info_name=" ".join(path), **_settings())
        text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
        parts.append(f"## {' '.join(path)}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def _settings() -> dict[str, Any]:
    return {**app.context_settings, "terminal_width": HELP_COLUMNS}


def _commands(path: tuple[str, ...], command: click.Command) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from _commands((*path, name), below)


PAGES = {"records.md": _records, "defaults.md": _defaults, "command.md": _command}
