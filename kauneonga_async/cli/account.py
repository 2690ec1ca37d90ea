"""Account: which account a command is about and how to reach it, settled out of options, profile and environment."""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kauneonga_async import KauneongaClient, ServerCalendar, config
from kauneonga_async.cli.profile_file import Profile, ProfileFile, profile_path, read_profiles
from kauneonga_async.cli.token_file import TokenFile
from kauneonga_async.errors import ConfigurationError
from kauneonga_async.transport import TokenProvider

__all__ = ["Account", "resolve_account", "resolve_accounts"]


class Account:
    """One account, not opened yet. Its repr shows no token.

    Attributes:
        name: The profile's name, or None where no profile is used.
    """

    def __init__(
        self, name: str | None, base_url: str | None, token: str | TokenProvider | None, settings: Mapping[str, Any]
    ) -> None:
        self.name = name
        self._base_url = base_url
        self._token = token
        self._settings = settings

    def open(self, **more: Any) -> KauneongaClient:
        """Return a client.

        Args:
            more: What else :class:`KauneongaClient` takes, such as ``on_event``.
        """
        return KauneongaClient(self._base_url, self._token, **self._settings, **more)

    def __repr__(self) -> str:
        return f"<Account {self.name or 'of the environment'}>"


def resolve_account(options: Mapping[str, Any]) -> Account:
    """Settle the account that a command's connection options mean.

    What is written on the command line comes first, then the profile that is named, by ``--profile`` or
    ``KAUNEONGA_PROFILE``. Only where none is named do ``KAUNEONGA_BASE_URL`` and ``KAUNEONGA_TOKEN`` count, and only
    where there are none of those the default profile. So a token never goes to a URL that it was not written beside,
    unless the command line says so.

    Raises:
        ConfigurationError: The file of profiles, or the profile, cannot be used.
    """
    name = options["profile"]
    if name is None and _is_told(options):
        return _account(options, None, None, None)
    file = read_profiles(profile_path())
    if name is None:
        name = file.default if file is not None else None
        if file is None or name is None:
            return _account(options, None, None, None)
    file = file or _without_file()
    return _account(options, name, file.get(name), file)


def resolve_accounts(names: Iterable[str] | None, options: Mapping[str, Any]) -> list[Account]:
    """Settle one account for each profile.

    Args:
        names: The profiles' names, each once; None for all that there are.
        options: The command's connection options, which go for all of them.

    Raises:
        ConfigurationError: A profile cannot be used; or a URL or a token was given, which is one account's alone.
    """
    for key in ("base_url", "token_file"):
        if options[key] is not None:
            raise ConfigurationError(
                f"--{key.replace('_', '-')}: it is of one account, and several profiles are asked for"
            )
    file = read_profiles(profile_path()) or _without_file()
    chosen = list(file.profiles) if names is None else list(dict.fromkeys(names))
    if not chosen:
        raise ConfigurationError(f"{file.path}: it has no profiles")
    return [_account(options, name, file.get(name), file) for name in chosen]


def _is_told(options: Mapping[str, Any]) -> bool:
    variables = (config.BASE_URL_VARIABLE, config.TOKEN_VARIABLE)
    return options["base_url"] is not None or any(os.environ.get(variable) for variable in variables)


def _without_file() -> ProfileFile:
    raise ConfigurationError(f"{profile_path()}: there is no such file; kauneonga profiles --help shows what it holds")


def _account(
    options: Mapping[str, Any], name: str | None, profile: Profile | None, file: ProfileFile | None
) -> Account:
    def pick(key: str, default: Any = None) -> Any:
        given = options[key]
        if given is None and profile is not None:
            given = getattr(profile, key)
        return default if given is None else given

    authority = None
    if options["ca"] is not None:
        authority = _trusting(Path(options["ca"]), "--ca")
    elif profile is not None and profile.ca is not None and file is not None:
        where = f"{file.path}: profile {name!r}: ca"
        authority = _trusting(file.located(profile.ca, where), where)
    settings = {
        "timeout": pick("timeout", config.TIMEOUT),
        "max_retries": pick("retries", config.MAX_RETRIES),
        "concurrency": pick("concurrency", config.CONCURRENCY),
        "calendar": ServerCalendar(timezone=pick("timezone"), to_date_inclusive=pick("to_date_inclusive")),
        "ssl_context": authority,
        "proxy": pick("proxy"),
        "allow_http": options["allow_http"] or (profile is not None and profile.allow_http),
        "allow_private_recordings": options.get("allow_private_recordings", False),
    }
    return Account(name, pick("base_url"), _token(options, name, profile, file), settings)


def _token(
    options: Mapping[str, Any], name: str | None, profile: Profile | None, file: ProfileFile | None
) -> str | TokenProvider | None:
    if options["token_file"] is not None:
        return _read(options["token_file"])
    if profile is None or file is None:
        return None
    where = f"{file.path}: profile {name!r}"
    if profile.token_file is not None:
        where += ": token_file"
        return TokenFile(file.located(profile.token_file, where), where)
    if profile.token_env is None:
        raise ConfigurationError(f"{where}: it names no token: say token_env or token_file, or give --token-file")
    token = os.environ.get(profile.token_env)
    if not token:
        # Not which variable: somebody may have written the token in place of its name.
        raise ConfigurationError(f"{where}: token_env: the environment variable that it names is not set")
    return token


def _read(path: str) -> str:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except OSError as error:
        # Not which file: somebody may have written the token in place of a path.
        raise ConfigurationError(f"--token-file: it cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        text = ""
    if not text.strip():
        raise ConfigurationError("--token-file: it holds no token")
    return text.strip()


def _trusting(authority: Path, where: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except ssl.SSLError:
        raise ConfigurationError(f"{where}: {authority} holds no certificate in PEM form") from None
    except OSError as error:
        raise ConfigurationError(f"{where}: {authority} cannot be read: {error.strerror}") from None
