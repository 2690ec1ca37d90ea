"""Targets: what is thrown anything at, what it is thrown at first, and what must hold whatever it was."""

from tests.fuzzing.targets.bodies import BODIES
from tests.fuzzing.targets.headers import HEADERS
from tests.fuzzing.targets.kept import KEPT
from tests.fuzzing.targets.target import Target
from tests.fuzzing.targets.written import WRITTEN

__all__ = ["TARGETS", "Target"]

TARGETS: dict[str, Target] = {**BODIES, **HEADERS, **KEPT, **WRITTEN}
