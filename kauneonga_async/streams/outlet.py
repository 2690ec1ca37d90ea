"""Outlet: where the records of a run go: to a consumer by way of a channel, or into files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from kauneonga_async.streams.audit import Account, AuditState
from kauneonga_async.streams.channel import Channel
from kauneonga_async.streams.ids import IdSet
from kauneonga_async.streams.work import Doubt, Work

__all__ = ["ChannelOutlet", "Outlet", "Sink"]

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class Sink(Protocol[T_contra]):
    """Takes the records of one window."""

    def restart(self) -> None:
        """Begin with a new answer for the window."""
        ...

    def offer(self, records: Sequence[T_contra]) -> bool:
        """Take records if that is possible at once; return whether it was."""
        ...

    async def send(self, records: Sequence[T_contra]) -> None:
        """Take records, waiting until that is possible."""
        ...


class Outlet(Protocol[T]):
    """Takes the records of all windows of a run."""

    def sink(self, work: Work[T]) -> Sink[T]:
        """Return what takes a window's records."""
        ...

    def seen_by(self, whole: Work[T]) -> IdSet:
        """Return the ids that are not to be handed out of a part of a window, or of all of it when asked for again."""
        ...

    async def finished(self, work: Work[T]) -> bool:
        """A window was read to its end; return whether its records are safe, or it must be read once more."""
        ...

    async def accounted(self, work: Work[T], account: Account, state: AuditState) -> None:
        """Account was taken of a window that is finished; called in the order in which that was done."""
        ...

    async def dispelled(self, doubt: Doubt) -> None:
        """What a window was in doubt to lack is not there any more."""
        ...

    async def split(self, work: Work[T]) -> None:
        """A window is cut in two instead, and each half asked for."""
        ...

    def close(self) -> None:
        """No more records come."""
        ...


class ChannelOutlet(Outlet[T]):
    """Hands records to a consumer, who has them from then on: nothing is handed out again.

    Args:
        channel: What leads to the consumer.
    """

    def __init__(self, channel: Channel[T]) -> None:
        self._channel = channel

    def sink(self, work: Work[T]) -> Sink[T]:
        """Return the channel."""
        return self._channel

    def seen_by(self, whole: Work[T]) -> IdSet:
        """Return what was handed out so far."""
        return whole.sieve.seen

    async def finished(self, work: Work[T]) -> bool:
        """Nothing is to be done."""
        return True

    async def accounted(self, work: Work[T], account: Account, state: AuditState) -> None:
        """Nothing is to be done."""

    async def dispelled(self, doubt: Doubt) -> None:
        """Nothing is to be done."""

    async def split(self, work: Work[T]) -> None:
        """Nothing is to be done."""

    def close(self) -> None:
        """Tell the consumer."""
        self._channel.close()
