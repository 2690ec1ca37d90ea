"""Pace: how many requests a second, and how many at once, an account's server bears. Pure: time is an argument.

Nothing is limited until the server says "too many" for the first time. Then requests start at the rate that it was
seen to accept, spread evenly, and the rate goes on searching: down on each refusal, and up along a curve that is
flat around the rate that was refused, as in TCP CUBIC (RFC 9438) and the adaptive mode of the AWS SDKs. Unlike
theirs the curve is scaled in time and not in requests, so that it is as patient at two requests a second as at two
thousand.

The numbers were found by simulation against token buckets, fixed and sliding windows of 50 requests a second, at
latencies of 5 to 200 ms, with Retry-After rounded up and exact: the mean of 1,000 requests' wall time is 1.10 of
the ideal, with 3 % refused (docs/architecture.md, Throttle).
"""

from __future__ import annotations

from typing import Final

__all__ = ["Concurrency", "Pace"]

BACK_OFF: Final = 0.92  # of the rate the server was seen to accept
LARGEST_STEP: Final = 0.6  # the most that one refusal lowers a rate that is in use
PLATEAU_SECONDS: Final = 8.0  # until the rate is back where it was refused
PROBE_GAIN: Final = 0.06  # of the rate that was refused, beyond the plateau, growing with the square of time
SEARCH_GAIN: Final = 0.5  # requests a second, for each accepted one, while a rate is only a guess
UPPER_SHARE: Final = 0.65  # where between the lower and the upper estimate of what the server accepts
FIRST_RATE: Final = 5.0  # requests a second, if fewer were accepted before the first refusal
SLOWEST: Final = 0.2  # requests a second
OUTAGE: Final = 4  # refusals with nothing accepted in between, each of which lowered the rate: it is not about rates
IDLE: Final = 1.0  # seconds, or two requests' worth: if none is accepted for longer, the rest is no time of use
STALE: Final = 300.0  # seconds in which none is accepted, after which a rate that was found is only a guess again

_BUCKETS: Final = 20  # of the last second


class Pace:
    """The rate at which requests may start.

    Args:
        now: When requests began, in seconds, as everywhere here, on a clock that never steps back.
        accepted: How many were accepted since.

    Attributes:
        rate: Requests a second, or None while none is known to be too many.
    """

    __slots__ = (
        "_accepted",
        "_buckets",
        "_ceiling",
        "_epoch",
        "_heard",
        "_idle",
        "_next",
        "_refused",
        "_searching",
        "_slot",
        "_vain",
        "rate",
    )

    def __init__(self, now: float, accepted: int = 0) -> None:
        self.rate: float | None = None
        self._ceiling = 0.0  # the rate that was last refused
        self._refused = now  # when that was
        self._epoch = now  # when requests resumed after it
        self._heard = now  # when the last request was accepted; the epoch, if none was since
        self._idle = 0.0  # seconds since the epoch that are no time of use
        self._accepted = accepted  # since it was refused
        self._buckets = [0] * _BUCKETS  # accepted, by fractions of the last second
        self._slot = int(now * _BUCKETS)
        self._searching = True  # until a second refusal, what was seen before the first is only a guess
        self._next = now  # when the next request may start
        self._vain = 0  # times that the rate was lowered since anything was accepted

    def accepted(self, now: float) -> None:
        """Tell that the server has accepted a request."""
        self._roll(now)
        self._buckets[self._slot % _BUCKETS] += 1
        self._accepted += 1
        outlived = self._vain >= OUTAGE
        self._vain = 0
        if self.rate is None or now <= self._epoch:
            return
        idle = max(0.0, now - self._heard - max(IDLE, 2 / self.rate))
        self._idle += idle
        self._heard = now
        if outlived:
            # What was refused was everything, and tells nothing of what is borne now.
            self._begin_anew()
        if self._searching:
            if not idle:  # now and then a request shows nothing
                self.rate += SEARCH_GAIN
            return
        # Without idle time, and outages: they show neither that more is borne, nor that less is wanted.
        used_for = now - self._epoch - self._idle
        along = used_for / PLATEAU_SECONDS - 1
        growth = (1 - BACK_OFF) * along**3 if along < 0 else PROBE_GAIN * along**2
        # A rate that is not used proves nothing: it may not run away from what is.
        used = self._accepted / used_for
        self.rate = max(self.rate, min(self._ceiling * (1 + growth), 2 * used))

    def refused(self, started: float, now: float, resume: float) -> bool:
        """Tell that the server has answered "too many".

        Args:
            started: When that request started. One that started before the last slowing down says nothing new.
            now: The present.
            resume: When requests start again.

        Returns:
            Whether the rate was changed.
        """
        self._roll(now)
        if self.rate is None:
            self.rate = self._ceiling = max(FIRST_RATE, self._accepted / max(1.0, now - self._refused))
        elif started < self._epoch:
            return False
        else:
            # A server that fills a bucket saved up for us during the pause; one that counts in windows did not.
            lower = self._accepted / max(0.1, now - self._refused - self._idle)
            upper = min(self.rate, sum(self._buckets) / min(1.0, max(0.1, now - self._epoch)))
            seen = lower + (upper - lower) * UPPER_SHARE
            self._ceiling = min(self.rate, max(seen, LARGEST_STEP * self.rate))
            self.rate = max(SLOWEST, BACK_OFF * self._ceiling)
            self._searching = False
            self._vain += 1
        self._refused = now
        self._epoch = self._next = self._heard = max(now, resume)
        self._accepted, self._idle = 0, 0.0
        return True

    def delay(self, now: float) -> float:
        """Return the seconds until the next request may start; 0 if it may now, and then it counts as started."""
        if self.rate is None:
            return 0.0
        if now < self._next:
            return self._next - now
        if now - self._heard > STALE:
            self._begin_anew()
        # What was not used up to one request's worth of time is not lost: a late waker does not slow the rest.
        self._next = max(self._next, now - 1 / self.rate) + 1 / self.rate
        return 0.0

    def _begin_anew(self) -> None:
        """Search as at first."""
        assert self.rate is not None
        self.rate, self._searching = max(self.rate, FIRST_RATE), True

    def _roll(self, now: float) -> None:
        slot = int(now * _BUCKETS)
        for step in range(min(slot - self._slot, _BUCKETS)):
            self._buckets[(slot - step) % _BUCKETS] = 0
        self._slot = max(slot, self._slot)


class Concurrency:
    """How many requests may be in flight: additive increase, multiplicative decrease.

    Attributes:
        limit: Requests in flight, at the most.
    """

    __slots__ = ("_changed", "_most", "limit")

    def __init__(self, most: int) -> None:
        self._most = most
        self._changed = float("-inf")
        self.limit: float = float(most)

    def succeeded(self, in_flight: int) -> None:
        """Tell that a request succeeded while so many were in flight: only a limit in use may grow."""
        if self.limit < self._most and in_flight >= int(self.limit):
            self.limit = min(self._most, self.limit + 1 / self.limit)

    def overloaded(self, started: float, now: float) -> None:
        """Tell that a request met an overloaded server; counted once a round trip."""
        if started > self._changed:
            self._changed = now
            self.limit = max(1.0, self.limit * 0.7)
