"""Opening: from a destination's files and journal to what is whole and what is to be done. Blocking, in one thread."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime

from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.errors import ConfigurationError
from kauneonga_async.exporting.destinations import Destination, Stamp
from kauneonga_async.exporting.entries import Begun, PartEntry
from kauneonga_async.exporting.journal import Journal, journal_name
from kauneonga_async.exporting.lines import write_line
from kauneonga_async.exporting.state import State, read_state
from kauneonga_async.exporting.whole import Whole

__all__ = ["compare", "digest_of", "is_sound", "open_journal", "part_pattern"]

_CHUNK = 1024 * 1024  # bytes

# What a journal says, and whoever asked for it does not: names, and values of what was left out.
_ARGUMENTS = {"from": "from_date", "to": "to_date"}
_LEFT_OUT = {
    "from": "not given",
    "to": "not given",
    "window": "chosen",
    "timezone": "unknown",
    "to_date_inclusive": "unknown",
}


def part_pattern(kind: str) -> re.Pattern[str]:
    """Return what the names of a kind's parts look like; the groups are the first and the last day."""
    day = r"\d{4}-\d\d-\d\d"
    return re.compile(rf"{kind}(?:_({day})_({day}))?(?:_\d+)?\.(?:jsonl|csv|parquet)(?:\.gz|\.zst)?")


def open_journal(
    destination: Destination,
    begun: Begun,
    calendar: ServerCalendar,
    check: Callable[[Begun], None] | None,
    *,
    overwrite: bool,
    refresh_since: datetime | None,
) -> Journal[State]:
    """Return the journal of an export that is begun, or gone on with; the destination must be locked.

    Args:
        destination: Where it is.
        begun: What is asked for now.
        calendar: Whose days windows are.
        check: Makes sure that it was begun for the same account; None if that is known.
        overwrite: Whether to remove what is there.
        refresh_since: The instant from which on windows are to be exported anew.

    Raises:
        ConfigurationError: What is there was asked for otherwise, or is not known of.
    """
    destination.clean()
    stamps = destination.stamps()
    parts = {name: stamp for name, stamp in stamps.items() if part_pattern(begun.kind).fullmatch(name)}
    if overwrite:
        # The journal goes last: whoever is stopped here must find what he asked for before.
        destination.remove(parts)
        destination.remove([journal_name(begun.kind)])
        parts = {}
    lines = [] if overwrite else destination.read_lines(journal_name(begun.kind))
    state = read_state(lines, str(destination))
    if state is not None and not _is_gone_on_with(state, begun, destination, check, holds_any=bool(parts)):
        state = None
    if state is None:
        if parts:
            raise ConfigurationError(
                f"destination: {destination} holds {begun.kind} that no journal tells of ({min(parts)}, {len(parts)} "
                "files in all), which would be there twice; choose an empty one, or pass overwrite=True"
            )
        journal = Journal(destination, begun.kind, State([begun]))
        journal.shorten()
        return journal
    marks = {part: stamps[part.name].mark for part in state.parts if is_sound(destination, part, stamps.get(part.name))}
    state.drop(lambda whole: not all(part in marks for part in whole.parts))
    for whole in state.wholes.values():
        whole.note_marks(marks)
    if refresh_since is not None:
        state.drop(lambda whole: _reaches(whole, refresh_since))
    _remove_leftovers(destination, state, calendar, parts)
    # What was replaced, and a process ended before it was removed.
    destination.remove(state.obsolete())
    journal = Journal(destination, begun.kind, state)
    # Also a line that is damaged goes, for what is added after one is not read.
    if [write_line(entry) for entry in state.entries()] != lines:
        journal.shorten()
    return journal


def _is_gone_on_with(
    state: State, begun: Begun, destination: Destination, check: Callable[[Begun], None] | None, *, holds_any: bool
) -> bool:
    """Tell whether an export that was begun is the one that is asked for; if not, nothing has come of it.

    Raises:
        ConfigurationError: Something has.
    """
    try:
        compare(state.begun, begun, destination)
        if check is not None:
            check(state.begun)
    except ConfigurationError:
        if holds_any or state.wholes or state.replaced:
            raise
        return False  # what was asked for in vain, with a wrong token, say, binds nobody
    return True


def is_sound(destination: Destination, part: PartEntry, stamp: Stamp | None) -> bool:
    """Tell whether a file is still what was written; its bytes are read only if its stamp has changed."""
    if stamp is None or stamp.size != part.size:
        return False
    return stamp.mark == part.mark or digest_of(destination, part.name) == part.sha256


def digest_of(destination: Destination, name: str) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with destination.open(name) as file:
        while data := file.read(_CHUNK):
            digest.update(data)
    return digest.hexdigest()


def compare(before: Begun, now: Begun, destination: Destination) -> None:
    """Make sure that the same is asked for.

    Raises:
        ConfigurationError: Something else is; it says what.
    """
    was, is_now = _as_given(before.arguments), _as_given(now.arguments)
    differences = [
        f"{name} was {was.get(name) or 'not given'}, and is {is_now.get(name) or 'not given'}"
        for name in {**was, **is_now}
        if was.get(name) != is_now.get(name)
    ]
    if differences:
        raise ConfigurationError(
            f"destination: {destination} was begun with other arguments: {'; '.join(differences)}. "
            "Choose another destination, or pass overwrite=True"
        )


def _as_given(arguments: Mapping[str, str]) -> dict[str, str]:
    """Return what a journal keeps as it was given: by the names of the library's arguments."""
    given = {_ARGUMENTS.get(name, name): value for name, value in arguments.items() if value != _LEFT_OUT.get(name)}
    if "format" in given:
        given["format"], _, compression = given["format"].removeprefix(".").partition(".")
        if compression:
            given["compression"] = compression
    return given


def _reaches(whole: Whole, instant: datetime) -> bool:
    window = whole.done.window
    return window is None or window.end is None or window.end > instant


def _remove_leftovers(
    destination: Destination, state: State, calendar: ServerCalendar, parts: Mapping[str, Stamp]
) -> None:
    """Remove files that were finished when a process ended, before the journal told of them.

    Raises:
        ConfigurationError: There are others, which nobody has been about to write.
    """
    known = {part.name for part in state.parts}.union(*(entry.names for entry in state.replaced))
    strangers = [name for name in parts if name not in known]
    if not strangers:
        return
    windows = [*state.pending_windows(calendar), *(window for ask in state.pending_asks() for window in ask.windows)]
    is_everything = state.begun.days is None and not state.wholes
    days = None if is_everything else [(window.first, window.last) for window in windows]
    for name in strangers:
        # Of another format is what somebody has made of the export, not what it was about to write.
        if not (name.endswith(state.begun.arguments["format"]) and _is_of(name, state.begun.kind, days)):
            raise ConfigurationError(
                f"destination: {destination} holds {name}, which its journal does not tell of; move it away, "
                "or pass overwrite=True"
            )
    destination.remove(strangers)


def _is_of(name: str, kind: str, days: Iterable[tuple[date, date]] | None) -> bool:
    """Tell whether a part is of some days, or where there are none, of everything."""
    match = part_pattern(kind).fullmatch(name)
    if match is None or (match[1] is None) is not (days is None):
        return False
    if days is None:
        return True
    try:
        begin, end = date.fromisoformat(match[1]), date.fromisoformat(match[2])
    except ValueError:
        return False
    return any(first <= end and begin <= last for first, last in days)
