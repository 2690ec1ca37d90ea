from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kauneonga_async.sandbox import Sandbox


@pytest.fixture
async def busy() -> AsyncIterator[Sandbox]:
    async with Sandbox(messages=3000, compress=False) as sandbox:
        yield sandbox
