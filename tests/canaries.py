"""Canaries: a token, texts, names and numbers that may be shown nowhere, and all the places where they could be."""

from __future__ import annotations

import io
import pickle
import re
import traceback
from collections.abc import Iterator

import msgspec
from rich.pretty import pretty_repr

from kauneonga_async import errors
from kauneonga_async.sandbox import Sandbox

TOKEN = "CANARYTOKEN0123456789"
TEXT = "CANARYTEXT please call the clinic about the results"

# The sandbox's callers have numbers like this; the other is the one that they call.
CANARY = re.compile(r"CANARY|(?<![0-9a-f])(?:305\d{7}|5617819977)(?![0-9a-f])")


def inhabit(sandbox: Sandbox) -> None:
    """Let everything that people said or are called in a sandbox be a canary."""
    world = sandbox.world
    for names in (world._first_names, world._last_names, world._companies):
        names[:] = [msgspec.json.encode(f"CANARYNAME {name}").decode() for name in names]
    world._texts[:] = [msgspec.json.encode(TEXT).decode()[1:-1]]


def shown_of(thing: object) -> str:
    """Return what a log, a debugger or a terminal might show of an object."""
    return f"{thing!r} {thing!s} {thing:} {pretty_repr(thing)}"


def pickled(error: BaseException) -> bytes:
    """Return what an error makes of itself: tblib, which distributed brings, would have pickle add tracebacks."""
    written = io.BytesIO()
    pickler = pickle.Pickler(written)
    pickler.dispatch_table = {}
    pickler.dump(error)
    return written.getvalue()


def shown_of_error(error: BaseException) -> Iterator[str]:
    """Yield all that a log, a crash reporter or another process might be shown of an error."""
    seen: list[BaseException] = [error]
    for shown in seen:
        seen += [other for other in (shown.__cause__, shown.__context__) if other is not None and other not in seen]
        if isinstance(shown, BaseExceptionGroup):
            seen += shown.exceptions
        yield f"{shown} {shown!r} {shown.args!r} {getattr(shown, '__notes__', '')}"
        yield repr({name: value for name, value in vars(shown).items() if name not in ("body", "info")})
        yield repr(pickled(shown)) if isinstance(shown, errors.KauneongaError) else ""
        yield "".join(traceback.TracebackException.from_exception(shown).format())
        # With locals, as crash reporters send them, of the frames that are ours to keep clean.
        for frame in traceback.TracebackException.from_exception(shown, capture_locals=True).stack:
            if "kauneonga_async" in frame.filename:
                for name, value in (frame.locals or {}).items():
                    yield f"{frame.name}: {name} = {value}"
