from __future__ import annotations

import pytest

from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults


@pytest.fixture
def one_window_fails(sandbox: Sandbox) -> None:
    sandbox.settings.faults = ScriptedFaults([None] * 12 + [Fault(status=400)])
