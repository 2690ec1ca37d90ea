"""Landing: what was downloaded, onto the disk and into the journal; what comes while others land does so together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import anyio
import msgspec

from kauneonga_async.downloads import land
from kauneonga_async.exporting.journal import Journal
from kauneonga_async.exporting.recordings.audio import Fetched
from kauneonga_async.exporting.recordings.entries import Audio
from kauneonga_async.exporting.recordings.state import State
from kauneonga_async.threads import carry_out

__all__ = ["LANES", "Landing"]

LANES = 2
"""Groups that land at once: while one waits for the disk, the other is written and its digests computed."""


class Landing:
    """The end of every download.

    Args:
        journal: Is told of each file, once it is there for good, and of what could not be had.
        landed: Is called with each when the journal has been told.
        room: How many may be here before no more are to be fetched.
    """

    def __init__(self, journal: Journal[State], landed: Callable[[Audio, msgspec.Raw], None], room: int) -> None:
        self._journal = journal
        self._landed = landed
        self._room = room
        self._count = 0  # of those that wait, and that are landing
        self._waiting: list[tuple[Audio | Fetched, msgspec.Raw]] = []
        self._arrived = anyio.Event()
        self._left = anyio.Event()
        self._is_closed = False

    async def has_room(self) -> None:
        """Return when one more may be fetched."""
        while self._count >= self._room:
            await self._left.wait()

    def take(self, fetched: Audio | Fetched, recording: msgspec.Raw) -> None:
        """Take what became of a recording."""
        self._waiting.append((fetched, recording))
        self._count += 1
        self._arrived.set()

    def close(self) -> None:
        """Tell that nothing more comes."""
        self._is_closed = True
        self._arrived.set()

    async def run(self) -> None:
        """Land all that comes; as many as there are lanes may run at once.

        Raises:
            OSError: A file cannot be written.
        """
        while self._waiting or not self._is_closed:
            if self._waiting:
                group, self._waiting = self._waiting, []
                with anyio.CancelScope(shield=True):  # of what is there for good, the journal is told
                    await self._land(group)
                self._count -= len(group)
                self._left.set()
                self._left = anyio.Event()
                continue
            if self._arrived.is_set():
                self._arrived = anyio.Event()
            await self._arrived.wait()

    async def leave(self) -> None:
        """Leave off what has not landed when all else has ended; what can be resumed stays."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            await carry_out(partial(_leave, waiting))

    async def _land(self, group: list[tuple[Audio | Fetched, msgspec.Raw]]) -> None:
        targets = [fetched.target for fetched, _ in group if isinstance(fetched, Fetched)]
        if targets:
            await carry_out(partial(land, targets))
        landed = [
            (fetched.entry() if isinstance(fetched, Fetched) else fetched, recording)
            for fetched, recording in group
            if isinstance(fetched, Audio) or fetched.target.error is None
        ]
        await self._journal.write(*(audio for audio, _ in landed))
        for audio, recording in landed:
            self._landed(audio, recording)
        for target in targets:
            if target.error is not None:
                raise target.error


def _leave(waiting: list[tuple[Audio | Fetched, msgspec.Raw]]) -> None:
    for fetched, _ in waiting:
        if isinstance(fetched, Fetched):
            fetched.target.leave()
