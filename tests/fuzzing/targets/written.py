"""Written: what users have written, in files and on command lines."""

from __future__ import annotations

import contextlib
import tempfile
from datetime import date
from pathlib import Path

import click

from kauneonga_async.cli.dates import parse_date
from kauneonga_async.cli.profile_file import read_profiles
from kauneonga_async.cli.token_file import TokenFile
from kauneonga_async.errors import ConfigurationError
from tests.fuzzing.targets.target import Target

__all__ = ["WRITTEN"]


def profiles(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_bytes(data)
        with contextlib.suppress(ConfigurationError):
            found = read_profiles(path)
            assert found is not None
            for name in found.profiles:
                found.get(name)


def token_file(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "token"
        path.touch(mode=0o600)
        path.write_bytes(data)
        with contextlib.suppress(ConfigurationError):
            assert TokenFile(path, "here")._read().isascii()


def command_line_date(data: bytes) -> None:
    with contextlib.suppress(click.BadParameter):
        assert isinstance(parse_date(data.decode("utf-8", "surrogateescape")), date)


WRITTEN = {
    "profiles": Target(
        profiles,
        [
            b'default_profile = "a"\n[profiles.a]\nbase_url = "https://acme.example/api"\ntoken_env = "TOKEN"\n',
            b'[profiles.a]\nbase_url = "https://x/v2"\ntimeout = 5.0\nretries = 2\ntimezone = "UTC"\nca = "ca.pem"\n',
            b'[profiles.b]\nbase_url = "x"\ntoken_file = "~/x"\nconcurrency = 9\nproxy = "x"\n',
            b"a = " + b"[" * 3000,
            b"a = " + b"9" * 5000,
        ],
    ),
    "token_file": Target(token_file, [b"token\n", b"\xef\xbb\xbftoken", b"", b" \n"]),
    "date": Target(command_line_date, [b"2025-12-31", b"12-31-2025", b"2025-12-31T08:00Z"]),
}
