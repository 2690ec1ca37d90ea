"""Listed: the recordings of a listing that arrives in batches, handed out one by one to whoever is free."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import anyio
import msgspec

__all__ = ["Listed"]


class Listed:
    """Recordings, each handed out once.

    Args:
        batches: They come in these.
        between: Is awaited before each batch.
    """

    def __init__(self, batches: AsyncIterator[Sequence[msgspec.Raw]], between: Callable[[], Awaitable[None]]) -> None:
        self._batches = batches
        self._between = between
        self._lock = anyio.Lock()
        self._ready: deque[msgspec.Raw] = deque()

    async def next(self) -> msgspec.Raw | None:
        """Return the next one; None when there are no more."""
        while not self._ready:
            async with self._lock:
                if not self._ready:
                    await self._between()
                    batch = await anext(self._batches, None)
                    if batch is None:
                        return None
                    self._ready += batch
        return self._ready.popleft()
