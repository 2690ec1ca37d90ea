"""The hooks that the page on observability shows do what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import prometheus_client
import pytest
import structlog

from kauneonga_async import KauneongaClient, errors
from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults

PAGE = Path(__file__).parents[2] / "docs/observability.md"


def hook_of(section: str) -> Any:
    text = PAGE.read_text(encoding="utf-8").split(f"\n## {section}\n")[1]
    found = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1].split("\n\n\nasync with ")[0], names)  # what follows uses it, and is run with the page
    return names["on_event"]


async def call(sandbox: Sandbox, hook: Any) -> None:
    sandbox.configure(faults=ScriptedFaults([Fault(status=500)]))
    async with KauneongaClient(sandbox.base_url, sandbox.token, on_event=hook) as client:
        await client.messages.get(1001)
        with pytest.raises(errors.NotFound):
            await client.messages.get(7)


async def test_structlog_has_an_entry_for_each_event(sandbox: Sandbox) -> None:
    with structlog.testing.capture_logs() as entries:
        await call(sandbox, hook_of("structlog"))
    assert [(entry["event"], entry["log_level"], entry["error"]) for entry in entries] == [
        ("try", "debug", "ServerError"),
        ("wait", "warning", "ServerError"),
        ("try", "debug", None),
        ("try", "debug", "NotFound"),
        ("give_up", "warning", "NotFound"),
    ]


@pytest.mark.usefixtures("metrics_of_a_test")
async def test_prometheus_counts(sandbox: Sandbox) -> None:
    await call(sandbox, hook_of("prometheus_client"))

    def value(name: str, **labels: str) -> float | None:
        return prometheus_client.REGISTRY.get_sample_value(name, labels)

    assert value("kauneonga_request_seconds_count", method="GET", outcome="200") == 1
    assert value("kauneonga_request_seconds_count", method="GET", outcome="ServerError") == 1
    assert value("kauneonga_retries_total", error="ServerError") == 1
    assert value("kauneonga_failures_total", error="NotFound") == 1
    assert value("kauneonga_throttled_seconds_count") == 3
