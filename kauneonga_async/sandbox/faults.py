"""Faults: what may go wrong with a request to the sandbox, by chance or by script."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec

__all__ = ["FAULT_KINDS", "Fault", "FaultPlan", "RandomFaults", "ScriptedFaults"]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that goes wrong.

    Attributes:
        status: A status to answer with in place of the true answer.
        headers: Headers of that answer.
        body: Body of that answer.
        reset: Whether the connection is cut before anything is answered.
        cut_after: Bytes of the true answer's body after which the connection is cut.
        stall_after: Bytes of the true answer's body after which nothing more comes.
        delay: Seconds to wait before anything else.
        processed: Whether a creation is carried out all the same.
    """

    status: int | None = None
    headers: dict[str, str] = {}
    body: bytes = b""
    reset: bool = False
    cut_after: int | None = None
    stall_after: int | None = None
    delay: float = 0.0
    processed: bool = False


FaultPlan = Callable[[str, str], Fault | None]
"""Is asked, for each request's method and path, what goes wrong with it."""

FAULT_KINDS: Final[dict[str, Fault]] = {
    "500": Fault(status=500, body=b'{"status":500,"error":"Internal Server Error"}'),
    "502": Fault(status=502, body=b"<html><body><h1>502 Bad Gateway</h1></body></html>"),
    "503": Fault(status=503, body=b"<html><body>We are sorry</body></html>"),
    "429": Fault(status=429, headers={"Retry-After": "1"}, body=b'{"success":false,"info":"Too many requests"}'),
    "reset": Fault(reset=True),
    "cut": Fault(cut_after=2000),
    "html": Fault(status=200, headers={"Content-Type": "text/html"}, body=b"<html>Maintenance</html>"),
}


class RandomFaults:
    """Faults by chance, the same for the same seed and order of requests.

    Args:
        rate: Between 0 and 1: how many of the requests go wrong.
        kinds: Names out of ``FAULT_KINDS``.
        seed: From which chance follows.

    Attributes:
        count: Faults so far.
    """

    def __init__(
        self, rate: float, kinds: Sequence[str] = ("500", "502", "503", "reset", "cut"), seed: int = 1
    ) -> None:
        if not 0 <= rate <= 1:
            raise ValueError(f"rate: a number between 0 and 1 is needed, not {rate!r}")
        unknown = set(kinds) - set(FAULT_KINDS)
        if unknown or not kinds:
            raise ValueError(f"kinds: some of {', '.join(FAULT_KINDS)} are needed, not {', '.join(unknown) or 'none'}")
        self._rate = rate
        self._kinds = [FAULT_KINDS[kind] for kind in kinds]
        self._random = random.Random(seed)  # noqa: S311 - not a secret
        self.count: int = 0

    def __call__(self, method: str, path: str) -> Fault | None:
        """Return what goes wrong with a request, if anything."""
        if self._random.random() >= self._rate:
            return None
        self.count += 1
        fault = self._random.choice(self._kinds)
        return fault if method == "GET" else Fault(reset=fault.reset, status=fault.status or 500, body=fault.body)


class ScriptedFaults:
    """Faults by script: one for each request in turn, None for none; after the last, nothing goes wrong.

    Args:
        script: The faults.
        path: The path they are for; requests for others are not counted. None for all.
    """

    def __init__(self, script: Iterable[Fault | None], *, path: str | None = None) -> None:
        self._script = list(script)
        self._path = path

    def __call__(self, method: str, path: str) -> Fault | None:
        """Return what goes wrong with a request, if anything."""
        if self._script and (self._path is None or path.endswith(self._path)):
            return self._script.pop(0)
        return None

    def extend(self, *faults: Any) -> None:
        """Add to the script."""
        self._script.extend(faults)
