"""Entries: what the journal of an export says, a line each. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import accumulate, pairwise

import msgspec

from kauneonga_async.exporting.lines import VERSION
from kauneonga_async.streams import FEWEST, AuditState, Missing
from kauneonga_async.windows import Window

__all__ = [
    "Ask",
    "Begun",
    "Dispelled",
    "Done",
    "Entry",
    "Found",
    "Known",
    "PartEntry",
    "Replaced",
    "Span",
    "pack_ids",
    "unpack_ids",
]


class PartEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A finished file.

    Attributes:
        name: Its name.
        records: Records in it.
        size: Bytes.
        sha256: The digest of its bytes, in hexadecimal.
        mark: What its stamp said when it was written, or its bytes were last found to be those.
        without_details: How many of the records are as they were listed, for the server had no more of them.
    """

    name: str
    records: int
    size: int
    sha256: str
    mark: str
    without_details: int = 0


class Ask(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a window was found to be asked again for.

    Attributes:
        number: Tells it from others.
        windows: What is to be asked for.
        missing: Records that the answers must hold.
        is_probe: Whether the answer is to show that ``to_date`` includes its day.
        suspected: How many records the answer had that is suspected of having been cut off there.
        owner: The start of the window of the plan that it is about.
    """

    number: int
    owner: datetime
    windows: tuple[Window, ...]
    missing: tuple[Missing, ...] = ()
    is_probe: bool = False
    suspected: int = 0


class Begun(msgspec.Struct, frozen=True, tag="export"):
    """The first line.

    Attributes:
        kind: What is exported.
        arguments: What was asked for, by the names that the command gives them.
        account: Whose records they are: a digest that tells accounts apart, and no token.
        days: The length of a window, or None where there are no dates.
        version: Of the journal's form.
    """

    kind: str
    arguments: dict[str, str]
    account: str
    days: int | None
    version: int = VERSION


class Span(msgspec.Struct, frozen=True, tag="span"):
    """What a run is to export: records created from one instant to before another; without dates, everything."""

    start: datetime | None
    end: datetime | None


class Done(msgspec.Struct, frozen=True, tag="done", omit_defaults=True):
    """A window is whole.

    Attributes:
        window: The window, or None where there are no dates.
        part: Its file; None if a window that was asked for again lacked nothing.
        total: Records in the server's answer.
        expected: Ids that were seen of windows still to be read, by the ordinal of the day, packed.
        asks: What is to be asked again.
        state: What the audit knows.
        number: The ask that it answers, in whole or in part; None for a window of the plan.
        owner: The start of the window of the plan that the ask was about.
    """

    window: Window | None
    part: PartEntry | None
    total: int = 0
    expected: dict[int, list[int]] = {}
    asks: tuple[Ask, ...] = ()
    state: AuditState | None = None
    number: int | None = None
    owner: datetime | None = None

    def may_be_cut(self, audit: AuditState) -> bool:
        """Tell whether the answer may have been cut off, should it turn out that lists are.

        It is as long as any, and of several days. Where that has turned out, it was asked for again.
        """
        is_tied = audit.cap is None and FEWEST <= self.total == audit.largest
        return is_tied and self.window is not None and self.window.days > 1


class Found(msgspec.Struct, frozen=True, tag="found"):
    """Records of a window that was asked for again, and whose answer broke off.

    Attributes:
        part: Their file.
        owner: The start of the window of the plan that they are of.
    """

    part: PartEntry
    owner: datetime


class Dispelled(msgspec.Struct, frozen=True, tag="dispelled"):
    """What a day was in doubt to lack is not there any more."""

    number: int


class Replaced(msgspec.Struct, frozen=True, tag="replaced"):
    """A window that is to be exported anew; its files stay until that is done."""

    window: Window | None
    names: tuple[str, ...]


class Known(msgspec.Struct, frozen=True, tag="known"):
    """What the audit knows, where the entry that said so was shortened."""

    state: AuditState


Entry = Begun | Span | Done | Found | Dispelled | Replaced | Known


def pack_ids(seen: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
    """Return ids by day as steps from one to the next: a third of the bytes."""
    packed: dict[int, list[int]] = {}
    for day, ids in seen.items():
        ordered = sorted(set(ids))
        packed[day] = ordered[:1] + [later - earlier for earlier, later in pairwise(ordered)]
    return packed


def unpack_ids(packed: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
    """Return what was packed."""
    return {day: list(accumulate(steps)) for day, steps in packed.items()}
