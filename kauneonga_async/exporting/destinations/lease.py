"""Lease: an object store's lock. It is renewed while it is held, and expires when whoever holds it is gone.

Whether it has expired is judged by the store's clock alone (an object's age is the answer's ``Date`` less its
``Last-Modified``), and whether our own still holds by a clock of ours that only counts seconds.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Lock, Thread

import msgspec

from kauneonga_async.decoding import UNREADABLE
from kauneonga_async.errors import ConfigurationError, DestinationLocked
from kauneonga_async.exporting.destinations.store import Changed, Found, Store

__all__ = ["LOCK", "Lease"]

LOCK = "_lock"  # the object's name
LEASE = 60.0  # seconds after which others may take it over
KEPT = 0.75  # of them we hold it to be ours: what is on its way has the rest to arrive
RENEWALS = 4  # in that time
SKEW = 2.0  # seconds: the store's dates are whole seconds


class Holder(msgspec.Struct, frozen=True):
    """What stands in the object.

    ``renewals`` makes every renewal's bytes, and so its ETag, another: who looked before it cannot take over after it.
    """

    token: str
    host: str
    process: int
    since: datetime
    seconds: float
    renewals: int = 0


class Lease:
    """The lock of a destination.

    Args:
        store: Where it is.
        clock: Counts seconds.
    """

    def __init__(self, store: Store, clock: Callable[[], float] | None = None) -> None:
        self._store = store
        self._clock = clock or _seconds
        self._holder = Holder("", "", 0, datetime.now(UTC), LEASE)
        self._mark = ""
        self._until = float("-inf")  # ours till then, by the clock
        self._mutex = Lock()
        self._released = Event()
        self._thread: Thread | None = None

    @property
    def token(self) -> str:
        """What tells this holder from all others; empty while it was never taken."""
        return self._holder.token

    def take(self) -> None:
        """Take it, and keep it.

        Raises:
            DestinationLocked: Somebody else has it.
            ConfigurationError: The store does not honour conditions, so that two could have it.
        """
        now = datetime.now(UTC)
        holder = Holder(secrets.token_hex(16), socket.gethostname(), os.getpid(), now, LEASE)
        began = self._clock()
        data = msgspec.json.encode(holder)
        try:
            self._mark = self._store.create(LOCK, data)
        except Changed:
            self._mark = self._take_over(data)
        self._holder = holder  # whoever is refused has none, and releases nothing
        self._until = began + LEASE * KEPT
        if self._store.is_conditional:
            try:
                self._try_conditions()
            except BaseException:
                self.release()
                raise
            self._released.clear()
            self._thread = Thread(target=self._keep, name="kauneonga-lease", daemon=True)
            self._thread.start()

    def check(self) -> None:
        """Make sure that it is still ours; called before anything is written.

        Raises:
            DestinationLocked: It is not, or was never.
        """
        if not self.token:
            raise DestinationLocked(f"destination: {self._store} is to be locked before it is written to")
        if self._store.is_conditional and self._clock() >= self._until:
            # We were suspended, or cut off. If nobody took it since, it is still ours.
            self.renew()
            if self._clock() >= self._until:
                raise DestinationLocked(f"destination: {self._store} is too slow to be kept locked")

    def renew(self) -> None:
        """Have it for longer.

        Raises:
            DestinationLocked: Somebody else has it by now.
            OSError: The store cannot be asked.
        """
        with self._mutex:
            began = self._clock()
            holder = msgspec.structs.replace(self._holder, renewals=self._holder.renewals + 1)
            data = msgspec.json.encode(holder)
            try:
                try:
                    self._mark = self._store.swap(LOCK, data, self._mark)
                except Changed:
                    self._mark = self._store.swap(LOCK, data, self._own_mark())
            except Changed:
                raise self._lost(self._store.get(LOCK)) from None
            self._holder = holder
            self._until = began + LEASE * KEPT

    def release(self) -> None:
        """Let others have it. If the store cannot be asked, it expires by itself."""
        self._released.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        # When it has lapsed it may be another's, and not every store honours a condition on a removal.
        if self.token and (self._clock() < self._until or not self._store.is_conditional):
            with contextlib.suppress(OSError, Changed):
                try:
                    self._store.drop(LOCK, self._mark)
                except Changed:
                    self._store.drop(LOCK, self._own_mark())
        self._until = float("-inf")
        self._holder = msgspec.structs.replace(self._holder, token="")

    def _take_over(self, data: bytes) -> str:
        found = self._store.get(LOCK)
        try:
            if found is None:
                return self._store.create(LOCK, data)
            if found.age is None or found.age < _holder_of(found).seconds + SKEW:
                raise DestinationLocked(self._told(found))
            return self._store.swap(LOCK, data, found.mark)
        except Changed:
            raise DestinationLocked(f"destination: another process took {self._store} at this moment") from None

    def _own_mark(self) -> str:
        """Return the mark of the object if a renewal of ours, whose answer never came, wrote it."""
        found = self._store.get(LOCK)
        if found is None or _holder_of(found).token != self.token:
            raise Changed
        return found.mark

    def _lost(self, found: Found | None) -> DestinationLocked:
        self._until = float("-inf")
        who = f"destination: the lock of {self._store} was removed" if found is None else self._told(found)
        return DestinationLocked(f"{who}; this process did not renew its lock in time, and writes no more")

    def _told(self, found: Found) -> str:
        holder = _holder_of(found)
        if found.modified is None:
            expires = f"it does not expire: remove {LOCK} if that process is gone"
        else:
            until = found.modified + timedelta(seconds=holder.seconds + SKEW)
            expires = f"its lock expires at {until:%F %T} UTC, unless renewed"
        whose = f"process {holder.process} on {holder.host}"
        return f"destination: {whose} writes to {self._store} since {holder.since:%F %T} UTC; {expires}"

    def _try_conditions(self) -> None:
        """Make sure that the store honours conditions.

        Some that speak S3 ignore them, and an old botocore does not know them, which s3fs lets pass.
        """
        data = msgspec.json.encode(msgspec.structs.replace(self._holder, renewals=-1))
        with contextlib.suppress(Changed):
            self._store.create(LOCK, data)
            self._refuse("If-None-Match")
        with contextlib.suppress(Changed):
            self._store.swap(LOCK, data, "0" * 32)
            self._refuse("If-Match")

    def _refuse(self, condition: str) -> None:
        self._until = float("-inf")
        self._store.remove([LOCK])
        raise ConfigurationError(
            f"destination: {self._store} ignores {condition}, so that two processes could write to it at once"
        )

    def _keep(self) -> None:
        often = LEASE * KEPT / RENEWALS
        while not self._released.wait(often):
            try:
                self.renew()
            except DestinationLocked:
                return
            except OSError:
                continue  # check() tells, if it goes on


def _holder_of(found: Found) -> Holder:
    try:
        return msgspec.json.decode(found.data, type=Holder)
    except UNREADABLE:
        return Holder("", "an unknown host", 0, found.modified or datetime.now(UTC), LEASE)


def _seconds() -> float:
    """Seconds that also pass while the machine sleeps, which time.monotonic does not count on Linux and macOS."""
    clock = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
    return time.monotonic() if clock is None else time.clock_gettime(clock)
