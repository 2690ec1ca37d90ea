from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kauneonga_async.sandbox import Sandbox
from tests.watching.moments import DAY, now


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Thirty messages of the last ten days."""
    async with Sandbox(messages=30, start=(now() - 10 * DAY).date(), end=(now() - DAY).date()) as running:
        yield running
