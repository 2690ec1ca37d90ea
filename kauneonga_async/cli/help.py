"""Help: how commands tell of themselves: in sections, their options in one column, and the whole in one screen."""

from __future__ import annotations

import textwrap
from typing import Any, Final

import click

__all__ = ["AccountOption", "Command", "Group", "Option", "Overview"]

_WIDEST_NAME: Final = 26  # characters of an option, after which its text begins on the next line
_WIDEST_LIST: Final = 21  # characters for the commands of a group
_GAP: Final = 2


class _Formatter(click.HelpFormatter):
    """Headings stand out, where the terminal can show that."""

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{click.style(f'{heading}:', bold=True)}\n")


class _Context(click.Context):
    formatter_class = _Formatter


class Option(click.Option):
    """An option whose help leaves its range to the words, and to the error of whoever leaves it."""

    def get_help_extra(self, ctx: click.Context) -> Any:
        extra = super().get_help_extra(ctx)
        extra.pop("range", None)
        return extra


class AccountOption(click.Option):
    """An option that says which account is meant and how to reach it: the same for every command that asks."""


class Command(click.Command):
    """A command whose help has its own options first, and those of the account below them."""

    context_class: type[click.Context] = _Context

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Options": [], "Account and connection": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                is_common = isinstance(parameter, AccountOption)
                sections["Account and connection" if is_common else "Options"].append(record)
        names = [len(name) for rows in sections.values() for name, _ in rows]
        width = max(length for length in names if length <= _WIDEST_NAME)
        for title, rows in sections.items():
            if rows:
                # The first one widens the column: the sections' texts stand under each other.
                (name, text), *others = rows
                with formatter.section(title):
                    formatter.write_dl([(name.ljust(width), text), *others], col_max=width, col_spacing=_GAP)


class Group(click.Group):
    """A group whose help has its commands in the order in which they were made, none cut short."""

    command_class: type[click.Command] | None = Command
    context_class: type[click.Context] = _Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, command.get_short_help_str(limit=formatter.width)) for name, command in self.commands.items()]
            )


class Overview(Group):
    """The whole command: its help shows every command there is."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self.commands)) + _GAP
        left = formatter.width - _GAP - width - _WIDEST_LIST - _GAP
        with formatter.section("Commands"):
            for name, command in self.commands.items():
                below = ", ".join(command.commands) if isinstance(command, click.Group) else ""
                listed = textwrap.wrap(below, _WIDEST_LIST, break_on_hyphens=False)
                told = textwrap.wrap(command.get_short_help_str(limit=2 * left).rstrip("."), left)
                for row in range(max(len(listed), len(told))):
                    cells = [
                        name if row == 0 else "",
                        *(lines[row] if row < len(lines) else "" for lines in (listed, told)),
                    ]
                    line = f"{cells[0]:{width}}{cells[1]:{_WIDEST_LIST + _GAP}}{cells[2]}"
                    formatter.write(f"{'':{formatter.current_indent}}{line.rstrip()}\n")
