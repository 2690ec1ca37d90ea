"""What the SDK says of arguments, as the command says it."""

from __future__ import annotations

import pytest

from kauneonga_async import ServerCalendar
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
        ("answers: only csv", "--answer: only csv"),
        ("from_: it must not be empty", "--from: it must not be empty"),
        ("token_file: on vm it cannot be read", "--dask-token-file: on vm it cannot be read"),
        ("engine: the workers lack a module", "--dask: the workers lack a module"),
        ("ssl_context: it would have to travel", "--ca: it would have to travel"),
        (
            "destination: two was begun with other arguments: from_date was 1, and is 2; window was 3, and is 4",
            "--output: two was begun with other arguments: --from was 1, and is 2; --window was 3, and is 4",
        ),
        (
            "destination: it holds messages; choose an empty one, or pass overwrite=True",
            "--output: it holds messages; choose an empty one, or give --overwrite",
        ),
        (
            f"its days are not those of {ServerCalendar('Asia/Tokyo', True)!r}",
            "its days are not those of --timezone Asia/Tokyo and --to-date-inclusive",
        ),
        (
            f"no day can be under {ServerCalendar()!r}: state another calendar, or list without dates",
            "no day can be under any --timezone: give another --timezone, or list without dates",
        ),
        (f"under {ServerCalendar(to_date_inclusive=False)!r}", "under --to-date-exclusive"),
        ("it is not: state to_date_inclusive=False", "it is not: state --to-date-exclusive"),
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
