"""Figures: what was measured last, by group, on one machine; kept as JSON, from which tables and pictures are made."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.rows import Row

__all__ = ["KEPT", "Figures", "Group", "Machine", "this_machine"]

KEPT: Final = Path(__file__).parent / "figures.json"


class Machine(msgspec.Struct, kw_only=True, frozen=True):
    """Where it was measured."""

    python: str
    cpus: int
    system: str

    def __str__(self) -> str:
        return f"{self.cpus} cores, {self.system}, Python {self.python}"


class Group(msgspec.Struct, kw_only=True):
    """What a group measured, and on which day."""

    date: str
    rows: list[Row]


class Figures(msgspec.Struct, kw_only=True):
    """What was measured, by group, in the order of the groups."""

    machine: Machine
    groups: dict[str, Group]

    @classmethod
    def read(cls, path: Path) -> Figures:
        """Read what was kept."""
        return msgspec.json.decode(path.read_bytes(), type=cls)

    def keep(self, path: Path) -> None:
        """Write it; groups that were measured on this machine before, and not this time, stay."""
        groups = dict(self.groups)
        if path.exists() and (before := Figures.read(path)).machine == self.machine:
            groups = {**before.groups, **groups}
        kept = Figures(machine=self.machine, groups=groups)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(kept)) + b"\n")

    def series(self, name: str) -> list[Row]:
        """Return the rows of one picture."""
        return [row for group in self.groups.values() for row in group.rows if row.series == name]

    def when(self) -> str:
        """Return the days on which it was measured."""
        days = sorted({group.date for group in self.groups.values()})
        return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"


def this_machine() -> Machine:
    """Return where this is."""
    release = ".".join(platform.release().split(".")[:2])
    return Machine(python=platform.python_version(), cpus=os.cpu_count() or 1, system=f"{platform.system()} {release}")
