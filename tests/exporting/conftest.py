from __future__ import annotations

import pytest

from kauneonga_async import config
from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults


@pytest.fixture
def one_window_fails(sandbox: Sandbox) -> None:
    sandbox.settings.faults = ScriptedFaults([None] * 12 + [Fault(status=400)])


@pytest.fixture
def cut_bodies_are_borne(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where many tries fail, one body in some thousands is cut short three times in a row, which ends an export."""
    monkeypatch.setattr(config, "CORRUPT_RETRIES", 40)
