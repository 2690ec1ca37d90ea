"""Completion by Tab, asked for as a shell asks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, Run

PROFILES = """
[profiles.clinic]
base_url = "https://clinic.example.com/api"
token_env = "CLINIC_TOKEN"
[profiles.hotel]
base_url = "https://hotel.example.com/api"
token_env = "HOTEL_TOKEN"
"""


def completed(words: str) -> set[str]:
    """What bash would be given; the last word is the one that is begun."""
    count = len(words.split(" "))
    env = {**os.environ, "_KAUNEONGA_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(count - 1)}
    done = subprocess.run(COMMAND, env=env, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return {line.partition(",")[2] for line in done.stdout.splitlines() if line}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_printed_for_each_shell(kauneonga: Run, shell: str) -> None:
    outcome = kauneonga("completion", shell)
    assert (outcome.code, outcome.err) == (0, "")
    assert f"_KAUNEONGA_COMPLETE={shell}_complete" in outcome.out
    assert "kauneonga" in outcome.out


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("kauneonga m", {"messages"}),
        ("kauneonga messages ", {"get", "list"}),
        ("kauneonga export messages --over", {"--overwrite"}),
        ("kauneonga export messages --format ", {"jsonl", "csv", "parquet"}),
        ("kauneonga messages list --profile ", {"clinic", "hotel"}),
        ("kauneonga watch --profile h", {"hotel"}),
    ],
)
def test_commands_options_values_and_profiles_are_completed(config_folder: Path, words: str, found: set[str]) -> None:
    (config_folder / "config.toml").write_text(PROFILES)
    assert completed(words) == found


@pytest.mark.parametrize("content", [None, "no TOML", "[profiles.clinic]\ntoken = 'secret'"])
def test_a_file_that_cannot_be_read_completes_nothing_and_says_nothing(
    config_folder: Path, content: str | None
) -> None:
    if content is not None:
        (config_folder / "config.toml").write_text(content)
    assert completed("kauneonga messages list --profile ") == set()


def test_what_is_loaded_for_a_tab_is_next_to_nothing() -> None:
    code = (
        "import atexit, sys; from kauneonga_async.cli.app import run_app;"
        "atexit.register(lambda: print([name for name in ('aiohttp', 'rich', 'asyncio') if name in sys.modules]));"
        "run_app([])"
    )
    env = {**os.environ, "_KAUNEONGA_COMPLETE": "bash_complete", "COMP_WORDS": "kauneonga m", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["plain,messages", "[]"]
