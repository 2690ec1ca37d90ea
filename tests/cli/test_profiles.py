"""Profiles: which account is meant when there are several, and what a file that is wrong is told."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click
import pytest
from blockbuster import blockbuster_ctx
from click.testing import CliRunner

from kauneonga_async.cli.account import resolve_account, resolve_accounts
from kauneonga_async.cli.connection import accounts_options, resolve_all
from kauneonga_async.cli.profile_file import profile_path
from kauneonga_async.errors import AuthenticationError, ConfigurationError
from kauneonga_async.sandbox import Sandbox
from tests.cli.conftest import Run

CANARY = "canary-token-31c7"

NOTHING: dict[str, Any] = dict.fromkeys(
    ("profile", "base_url", "token_file", "timeout", "retries", "concurrency", "timezone", "to_date_inclusive", "ca",
     "proxy")
) | {"allow_http": False}  # fmt: skip


def write(folder: Path, content: str) -> Path:
    path = folder / "config.toml"
    path.write_text(content, encoding="utf-8")
    return path


def profile(name: str, base_url: str, *lines: str) -> str:
    return "\n".join((f"[profiles.{name}]", f'base_url = "{base_url}"', *lines, ""))


def url_of(arguments: dict[str, Any]) -> str:
    return str(resolve_account({**NOTHING, **arguments}).open().base_url)


@pytest.fixture
def two(config_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CLINIC_TOKEN", "OFFICE_TOKEN"):
        monkeypatch.setenv(name, f"{CANARY}-{name}")
    clinic = profile("clinic", "https://clinic.example/api", 'token_env = "CLINIC_TOKEN"', "timeout = 7")
    office = profile("office", "https://office.example/api", 'token_env = "OFFICE_TOKEN"', 'timezone = "Asia/Kolkata"')
    return write(config_folder, f'default_profile = "clinic"\n{clinic}{office}')


def test_the_file_is_where_the_platform_keeps_such_files(config_folder: Path) -> None:
    assert profile_path() == config_folder / "config.toml"


def test_a_profile_is_used_by_its_name(
    kauneonga: Run, server: Sandbox, config_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(config_folder, profile("box", server.base_url, 'token_env = "BOX_TOKEN"'))
    monkeypatch.setenv("BOX_TOKEN", server.token)
    monkeypatch.setenv("KAUNEONGA_TOKEN", "of-somebody-else")
    assert kauneonga("messages", "get", "1001", "--profile", "box").code == 0
    monkeypatch.setenv("KAUNEONGA_PROFILE", "box")
    assert kauneonga("messages", "get", "1001").code == 0
    assert kauneonga("messages", "get", "1001", "--profile", "other").code == 2


@pytest.mark.usefixtures("two")
def test_options_go_before_a_named_profile_that_before_the_environment_that_before_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert url_of({}) == "https://clinic.example/api"
    assert url_of({"profile": "office"}) == "https://office.example/api"
    monkeypatch.setenv("KAUNEONGA_BASE_URL", "https://environment.example/api")
    monkeypatch.setenv("KAUNEONGA_TOKEN", "token")
    assert url_of({}) == "https://environment.example/api"
    assert url_of({"profile": "office"}) == "https://office.example/api"
    assert url_of({"profile": "office", "base_url": "https://option.example/api"}) == "https://option.example/api"


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("told", ["option", "KAUNEONGA_BASE_URL"])
def test_the_default_profile_s_token_goes_to_no_other_url(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = {}
    if told == "option":
        arguments["base_url"] = "https://elsewhere.example/api"
    else:
        monkeypatch.setenv(told, "https://elsewhere.example/api")
    with pytest.raises(ConfigurationError, match="KAUNEONGA_TOKEN"):
        url_of(arguments)


@pytest.mark.usefixtures("two")
def test_settings_come_from_the_profile_unless_an_option_says_otherwise() -> None:
    client = resolve_account({**NOTHING, "profile": "office"}).open()
    assert str(client.calendar.timezone) == "Asia/Kolkata"
    assert resolve_account(NOTHING).open()._transport.options.timeout == 7
    client = resolve_account({**NOTHING, "profile": "office", "timezone": "UTC", "timeout": 3.0}).open()
    assert str(client.calendar.timezone) == "UTC"
    assert client._transport.options.timeout == 3


@pytest.mark.usefixtures("two")
def test_several_accounts_are_settled_at_once() -> None:
    assert [account.name for account in resolve_accounts(None, NOTHING)] == ["clinic", "office"]
    chosen = resolve_accounts(["office", "clinic", "office"], {**NOTHING, "timeout": 2.0})
    assert [account.name for account in chosen] == ["office", "clinic"]
    assert {account.open()._transport.options.timeout for account in chosen} == {2.0}
    assert CANARY not in repr(chosen)
    with pytest.raises(ConfigurationError, match="'nowhere'"):
        resolve_accounts(["nowhere"], NOTHING)
    with pytest.raises(ConfigurationError, match="--token-file: it is of one account"):
        resolve_accounts(None, {**NOTHING, "token_file": "-"})


@click.command()
@accounts_options
def several(**connection: Any) -> None:
    """Stand for a command that is about several accounts."""
    for account in resolve_all(**connection):
        click.echo(f"{account.name} {account.open().base_url}")


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ([], ["clinic"]),
        (["--profile", "office"], ["office"]),
        (["--profile", "office", "--profile", "clinic"], ["office", "clinic"]),
        (["--all-profiles"], ["clinic", "office"]),
        (["--base-url", "https://option.example", "--token-file", "-"], ["None"]),
    ],
)
def test_a_command_can_be_about_several_accounts(arguments: list[str], names: list[str]) -> None:
    result = CliRunner().invoke(several, arguments, input="token\n", catch_exceptions=False)
    assert [line.split()[0] for line in result.output.splitlines()] == names


@pytest.mark.usefixtures("two")
def test_all_accounts_or_some() -> None:
    assert CliRunner().invoke(several, ["--all-profiles", "--profile", "clinic"]).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ([], ["my clinic"]),
        (["--profile", "office"], ["office"]),
        (["--all-profiles"], ["my clinic", "office"]),
    ],
)
def test_the_variable_names_one_profile_whole_and_the_command_line_goes_before_it(
    arguments: list[str], names: list[str], config_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOX_TOKEN", CANARY)
    monkeypatch.setenv("KAUNEONGA_PROFILE", "my clinic")
    write(
        config_folder,
        profile('"my clinic"', "https://clinic.example/api", 'token_env = "BOX_TOKEN"')
        + profile("office", "https://office.example/api", 'token_env = "BOX_TOKEN"'),
    )
    result = CliRunner().invoke(several, arguments, catch_exceptions=False)
    assert [line.rsplit(maxsplit=1)[0] for line in result.output.splitlines()] == names


def test_the_list_shows_names_and_urls_and_no_token(kauneonga: Run, on_terminal: Run, two: Path) -> None:
    shown = kauneonga("profiles")
    assert [json.loads(line) for line in shown.out.splitlines()] == [
        {"name": "clinic", "base_url": "https://clinic.example/api", "default": True},
        {"name": "office", "base_url": "https://office.example/api", "default": False},
    ]
    table = on_terminal("profiles")
    assert table.out.splitlines()[0] == "clinic  https://clinic.example/api  (default)"
    assert CANARY not in shown.out + shown.err + table.out


def test_without_a_file_the_list_says_where_it_belongs(kauneonga: Run, config_folder: Path) -> None:
    outcome = kauneonga("profiles")
    assert outcome.code == 1
    assert str(config_folder / "config.toml") in outcome.err
    assert kauneonga("messages", "list", "--profile", "clinic").code == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f'token = "{CANARY}"', "token: a token does not belong in this file"),
        (profile("a", "https://h.example", f'token = "{CANARY}"'), "profile 'a': token: a token does not belong"),
        (profile("a", "https://h.example", f'token_env = "{CANARY} !"'), "profile 'a': token_env: it is no name"),
        (profile("a", "https://h.example", f'token_env = "{CANARY.replace("-", "_")}"'), "token_env: the environment"),
        (profile("a", "https://h.example", 'time_zone = "UTC"'), "profile 'a': there is no key 'time_zone'; did you "),
        (profile("a", "https://h.example", 'timeout = "x"'), "profile 'a': timeout: expected float"),
        (profile("a", "https://h.example", "timeout = -1"), "profile 'a': timeout: a positive number"),
        (profile("a", "https://h.example", "retries = -1"), "profile 'a': retries: a number of at least 0"),
        (profile("a", "https://h.example", 'timezone = "Mars"'), "profile 'a': timezone: no time zone is called"),
        (profile("a", "http://h.example"), "profile 'a': base_url: http would send the token"),
        (profile("a", f"https://u:{CANARY}@h.example"), "profile 'a': base_url: it must not hold a user name"),
        (profile("a", "https://h.example", 'token_env = "A"', 'token_file = "b"'), "token_file: there is a token_env"),
        (profile("a", "https://h.example"), "it names no token"),
        (profile("a", "https://h.example", 'token_env = "HOME"', 'ca = "none.pem"'), "ca: "),
        (
            profile("a", "https://h.example", 'token_env = "HOME"', 'ca = "a\\u0000b"'),
            "profile 'a': ca: it holds a NUL",
        ),
        (
            profile("a", "https://h.example", f'token_file = "{CANARY}\\u0000"'),
            "profile 'a': token_file: it holds a NUL",
        ),
        (profile("a", "https://h.example", f'token_file = "~{CANARY}/b"'), "profile 'a': token_file: whose home"),
        ('[profiles.a]\ntimeout = 3\ntoken_env = "A"\n', "profile 'a': object missing required field base_url"),
        ("[profiles]\na = 3\n", "profiles: a table for each is needed"),
        ('default_profile = "b"\n' + profile("a", "https://h.example"), "default_profile: it names no profile"),
        ('default_profile = "b"\n', "default_profile: it names no profile; there is: none"),
        (f'[profiles.a]\ntoken = "{CANARY}', "it is no TOML"),
        ("profile = 3", "there is no key 'profile'; did you mean profiles?"),
    ],
)
def test_what_is_wrong_names_file_profile_and_key_and_shows_no_token(
    kauneonga: Run, config_folder: Path, content: str, said: str
) -> None:
    path = write(config_folder, content)
    outcome = kauneonga("messages", "list", "--profile", "a")
    assert outcome.code == 2
    assert outcome.err.startswith(f"kauneonga: {path}: ")
    assert said in outcome.err
    assert CANARY not in outcome.err
    assert CANARY.replace("-", "_") not in outcome.err


async def test_a_token_file_is_read_anew_when_its_token_was_replaced(sandbox: Sandbox, config_folder: Path) -> None:
    write(config_folder, profile("box", sandbox.base_url, 'token_file = "box.token"'))
    token = config_folder / "box.token"
    token.write_text(f"{sandbox.token}\n")
    token.chmod(0o600)
    with blockbuster_ctx("kauneonga_async.cli.token_file"):
        async with resolve_account({**NOTHING, "profile": "box"}).open() as client:
            await client.messages.get(1001)
            sandbox.configure(token="another-token")
            token.write_text("another-token\n")
            await client.messages.get(1002)
            sandbox.configure(token="a-third-token")
            with pytest.raises(AuthenticationError):
                await client.messages.get(1003)
    assert len(sandbox.requests) == 4


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
async def test_a_token_file_that_others_may_use_is_refused(sandbox: Sandbox, config_folder: Path, mode: int) -> None:
    write(config_folder, profile("box", sandbox.base_url, 'token_file = "box.token"'))
    (config_folder / "box.token").write_text(sandbox.token)
    (config_folder / "box.token").chmod(mode)
    async with resolve_account({**NOTHING, "profile": "box"}).open() as client:
        with pytest.raises(ConfigurationError, match="chmod 600"):
            await client.messages.get(1001)
    assert sandbox.requests == []


@pytest.mark.parametrize(("content", "said"), [(None, "cannot be read"), (b"\xff", "not ASCII"), (b" \n", "is empty")])
async def test_a_token_file_that_holds_none_says_so(
    sandbox: Sandbox, config_folder: Path, content: bytes | None, said: str
) -> None:
    write(config_folder, profile("box", sandbox.base_url, f'token_file = "{CANARY}"'))
    if content is not None:
        (config_folder / CANARY).write_bytes(content)
        (config_folder / CANARY).chmod(0o600)
    async with resolve_account({**NOTHING, "profile": "box"}).open() as client:
        with pytest.raises(ConfigurationError, match=said) as caught:
            await client.messages.get(1001)
    assert content is not None or CANARY not in str(caught.value)
