"""``kauneonga doctor``: what it prints, for people and for programs, and what it never prints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kauneonga_async.doctor import CHECKS
from kauneonga_async.sandbox import Fault, Sandbox
from kauneonga_async.testing import in_thread
from tests.cli.conftest import Run

TOKEN = "CANARY-token-8d21"
TEXT = "CANARY text of a message"


@pytest.fixture
def server() -> Iterator[Sandbox]:
    today = datetime.now(UTC).date()
    start = today - timedelta(days=500)
    sandbox = Sandbox(messages=2000, recordings=2, start=start, end=today, timezone="Asia/Kolkata", token=TOKEN)
    for number in range(sandbox.world.messages):
        sandbox.world.edit(sandbox.world.first_id + number, content=TEXT, first_name=TEXT, answers={TEXT: TEXT})
    with in_thread(sandbox) as running:
        yield running


def test_it_is_read_from_top_to_bottom_in_80_columns_and_ends_in_settings(kauneonga: Run) -> None:
    outcome = kauneonga("doctor")
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert [line[9:24].strip() for line in lines if line[:8].strip() in ("ok", "skipped")] == list(CHECKS)
    assert '    timezone = "Asia/Kolkata"\n    to_date_inclusive = true\n' in outcome.out
    assert '    calendar=ServerCalendar(timezone="Asia/Kolkata", to_date_inclusive=True)\n' in outcome.out
    assert "\x1b" not in outcome.out
    assert "CANARY" not in outcome.out


def test_the_settings_can_be_pasted_into_a_profile(
    kauneonga: Run, server: Sandbox, config_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml = json.loads(kauneonga("doctor", "--json").out)["settings"]["toml"]
    (config_folder / "config.toml").write_text(
        f'[profiles.box]\nbase_url = "{server.base_url}"\ntoken_env = "BOX_TOKEN"\n{toml}\n'
    )
    monkeypatch.setenv("BOX_TOKEN", server.token)
    assert kauneonga("doctor", "--profile", "box").code == 0
    wrong = kauneonga("doctor", "--profile", "box", "--timezone", "Asia/Tokyo")
    assert wrong.code == 1
    assert "Asia/Tokyo is stated" in wrong.out


def test_for_programs_it_is_one_object(kauneonga: Run) -> None:
    outcome = kauneonga("doctor", "--json")
    told = json.loads(outcome.out)
    assert [finding["check"] for finding in told["findings"]] == list(CHECKS)
    assert told["is_well"] is True
    assert told["calendar"]["timezone"] == "Asia/Kolkata"
    assert told["calendar"]["january"] == [330, 330]
    assert told["settings"]["python"].startswith("calendar=ServerCalendar(")
    assert "CANARY" not in outcome.out + outcome.err


@pytest.mark.parametrize("as_json", [[], ["--json"]])
@pytest.mark.parametrize("path", ["/messages", "/call-recordings", "/to_dos", ".mp3", "/3000"])
def test_no_fault_brings_token_or_text_to_light(kauneonga: Run, server: Sandbox, path: str, as_json: list[str]) -> None:
    body = json.dumps({"success": False, "info": f"{TEXT} {TOKEN}", "data": {"content": TEXT}}).encode()
    for status in (200, 404) if as_json else (422, 500):
        server.settings.faults = lambda _, asked, status=status: (
            Fault(status=status, body=body) if asked.endswith(path) else None
        )
        outcome = kauneonga("doctor", "--retries", "0", "-v", *as_json)
        assert "CANARY" not in outcome.out + outcome.err
        assert outcome.code == 1 or path == "/3000"


def test_a_failure_is_1_and_says_what_to_do(kauneonga: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAUNEONGA_TOKEN", "CANARY-of-another")
    outcome = kauneonga("doctor")
    assert (outcome.code, outcome.err) == (1, "")
    assert "failure  token          refused" in outcome.out
    assert "-> check that it is this account's token" in outcome.out
    assert "skipped  list messages, get a message" in outcome.out
    assert "CANARY" not in outcome.out


@pytest.mark.parametrize(
    ("variable", "value", "check"),
    [
        ("KAUNEONGA_TOKEN", "", "token"),
        ("KAUNEONGA_TOKEN", "CANARY with spaces", "settings"),
        ("KAUNEONGA_BASE_URL", "http://h.example/api", "URL"),
        ("KAUNEONGA_PROFILE", "nobody", "settings"),
    ],
)
def test_settings_that_no_client_can_be_made_of_are_a_finding_too(
    kauneonga: Run, server: Sandbox, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, check: str
) -> None:
    monkeypatch.setenv(variable, value)
    outcome = kauneonga("doctor")
    assert outcome.code == 1
    assert outcome.out.startswith(f"failure  {check}")
    (finding,) = json.loads(kauneonga("doctor", "--json").out)["findings"]
    assert finding["check"] == check
    assert "CANARY" not in outcome.out
    assert server.requests == []


def test_colour_is_for_terminals_that_want_it(on_terminal: Run, environment: dict[str, str]) -> None:
    assert "\x1b[32mok" in on_terminal("doctor", term="xterm").out
    assert "\x1b" not in on_terminal("doctor").out
    environment["NO_COLOR"] = "1"
    assert "\x1b" not in on_terminal("doctor", term="xterm").out


def test_help_says_how_much_it_asks_for(kauneonga: Run) -> None:
    shown = " ".join(kauneonga("doctor", "--help").out.split())
    assert "at most 64 calls" in shown
    assert "creates nothing" in shown
