"""What the SDK says of arguments, as the command says it."""

from __future__ import annotations

import pytest

from kauneonga_async.cli.wording import in_the_command_s_words


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("to_date: it lies before from_date, 2025-02-01", "--to: it lies before --from, 2025-02-01"),
        ("from_date, to_date: one is a date", "--from, --to: one is a date"),
        ("max_retries: a number is needed", "--retries: a number is needed"),
        ("message_text: it must not be empty", "--message-text: it must not be empty"),
        (
            "base_url: none was given; pass base_url='https://<your host>/api' or set KAUNEONGA_BASE_URL",
            "--base-url: none was given; give --base-url or set KAUNEONGA_BASE_URL",
        ),
        (
            "recording 3: its host's address is private; allow_private_recordings=True would allow that",
            "recording 3: its host's address is private; --allow-private-recordings would allow that",
        ),
        (
            'GET /v2/messages: 422; the server says "to_date is invalid"',
            'GET /v2/messages: 422; the server says "to_date is invalid"',
        ),
        ("/home/me/config.toml: profile 'a': base_url: no", "/home/me/config.toml: profile 'a': base_url: no"),
    ],
)
def test_arguments_become_options_and_the_server_s_words_stay(said: str, meant: str) -> None:
    assert in_the_command_s_words(said) == meant
