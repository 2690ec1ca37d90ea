"""What the extra `speed` brings, where it is installed: uvloop's event loop, and isal to inflate answers with.

Both are choices for a whole process, and so the command's to make: the library makes neither.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

__all__ = ["inflate_with_isal", "loop_factory"]


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes uvloop's event loop, or None for asyncio's own."""
    if find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop


def inflate_with_isal() -> None:
    """Let aiohttp, and the client with it, inflate with isal, if that is installed."""
    if find_spec("isal") is None:
        return
    import aiohttp
    from isal import isal_zlib

    # A module is no protocol's instance to every type checker.
    backend: Any = isal_zlib
    aiohttp.set_zlib_backend(backend)
