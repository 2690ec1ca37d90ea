"""A quota for the sandbox: so many requests in so many seconds, and a pause until these are over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from kauneonga_async.sandbox import Fault


def allow(count: int, seconds: int) -> Callable[[str, str], Fault | None]:
    """Return faults that refuse what is more than so many requests in so many seconds."""
    served: dict[int, int] = {}

    def judge(method: str, path: str) -> Fault | None:
        now = asyncio.get_running_loop().time()
        period = int(now // seconds)
        served[period] = served.get(period, 0) + 1
        if served[period] <= count:
            return None
        return Fault(status=429, headers={"Retry-After": str(int((period + 1) * seconds - now) + 1)})

    return judge
