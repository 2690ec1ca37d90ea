"""ProfileFile: the accounts that a TOML file tells of, checked, so that an error names file, profile and key."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from kauneonga_async import config
from kauneonga_async.calendars import ServerCalendar
from kauneonga_async.errors import ConfigurationError

__all__ = ["Profile", "ProfileFile", "profile_path", "read_profiles"]

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLACE_IN_ERROR = re.compile(r"\(at ([^)]+)\)$")
_FIELD_IN_ERROR = re.compile(r" - at `\$\.?([^`]*)`$")


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One account, and how to reach it.

    Attributes:
        base_url: Where the API stands.
        token_env: The environment variable that holds the token.
        token_file: The file that holds the token, which nobody but its owner may read.
        timeout: Seconds for a whole call; in a list, to the next bytes.
        retries: Tries after the first of each request.
        concurrency: Requests in flight.
        timezone: The server's, by its IANA name.
        to_date_inclusive: Whether the server lists the last day asked for.
        ca: A file with a certificate authority to trust.
        proxy: A proxy for every request.
        allow_http: Whether the token may travel unencrypted to another machine.
    """

    base_url: str
    token_env: str | None = None
    token_file: str | None = None
    timeout: float | None = None
    retries: int | None = None
    concurrency: int | None = None
    timezone: str | None = None
    to_date_inclusive: bool | None = None
    ca: str | None = None
    proxy: str | None = None
    allow_http: bool = False


class ProfileFile(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says.

    Attributes:
        path: The file.
        profiles: The accounts, by name.
        default: The name of the one that is meant where none is named.
    """

    path: Path
    profiles: dict[str, Profile]
    default: str | None = None

    def get(self, name: str) -> Profile:
        """Return the profile of a name.

        Raises:
            ConfigurationError: There is none.
        """
        if name not in self.profiles:
            known = ", ".join(self.profiles) or "none"
            raise ConfigurationError(f"{self.path}: there is no profile {name!r}; there is: {known}")
        return self.profiles[name]

    def located(self, value: str, where: str) -> Path:
        """Return a file that a profile names: ``~`` is the home folder, and other paths begin at this file's.

        Args:
            value: What the profile says.
            where: Where it says so, as messages say.

        Raises:
            ConfigurationError: It is no path, or nobody's home.
        """
        if "\0" in value:
            raise ConfigurationError(f"{where}: it holds a NUL, as no path does")
        try:
            return self.path.parent / Path(value).expanduser()
        except RuntimeError:
            raise ConfigurationError(f"{where}: whose home folder it begins with is not known") from None


def profile_path() -> Path:
    """Return where the file is, by the platform's convention."""
    import platformdirs

    return platformdirs.user_config_path("kauneonga", appauthor=False) / "config.toml"


def read_profiles(path: Path) -> ProfileFile | None:
    """Read and check the file; return None if it is not there.

    Raises:
        ConfigurationError: It cannot be used. No value is shown: one may be a token in the wrong place.
        OSError: It cannot be read.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: it is no UTF-8") from None
    except (ValueError, RecursionError) as error:  # tomllib's own; a number of 5,000 digits; brackets 1,000 deep
        place = _PLACE_IN_ERROR.search(str(error))
        raise ConfigurationError(f"{path}: it is no TOML{f', {place[1]}' if place else ''}") from None
    return _checked(path, content)


def _checked(path: Path, content: dict[str, Any]) -> ProfileFile:
    _refuse_unknown(f"{path}", content, ("default_profile", "profiles"))
    tables = content.get("profiles", {})
    default = content.get("default_profile")
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise ConfigurationError(f"{path}: profiles: a table for each is needed, like [profiles.clinic]")
    if default is not None and (not isinstance(default, str) or default not in tables):
        known = ", ".join(tables) or "none"
        raise ConfigurationError(f"{path}: default_profile: it names no profile; there is: {known}")
    profiles = {name: _profile(path, name, table) for name, table in tables.items()}
    return ProfileFile(path=path, profiles=profiles, default=default)


def _profile(path: Path, name: str, table: dict[str, Any]) -> Profile:
    where = f"{path}: profile {name!r}"
    _refuse_unknown(where, table, Profile.__struct_fields__)
    try:
        profile = msgspec.convert(table, Profile)
    except msgspec.ValidationError as error:
        found = _FIELD_IN_ERROR.search(str(error))
        what = _FIELD_IN_ERROR.sub("", str(error)).replace("`", "").lower()
        raise ConfigurationError(f"{where}: {f'{found[1]}: ' if found else ''}{what}") from None
    try:
        config.resolve_base_url(profile.base_url, allow_http=profile.allow_http)
        _check_values(profile)
    except (ValueError, TypeError) as error:
        advice = str(error).replace("pass allow_http=True", "say allow_http = true")
        raise ConfigurationError(f"{where}: {advice}") from None
    return profile


def _check_values(profile: Profile) -> None:
    """Make sure of what types alone do not say; each message begins with the key."""
    if profile.token_env is not None and profile.token_file is not None:
        raise ValueError("token_file: there is a token_env too; give one or the other")
    if profile.token_env is not None and not _VARIABLE.fullmatch(profile.token_env):
        raise ValueError("token_env: it is no name of an environment variable; the token itself does not belong here")
    if profile.timeout is not None:
        config.check_seconds("timeout", profile.timeout)
    if profile.retries is not None:
        config.check_count("retries", profile.retries)
    if profile.concurrency is not None:
        config.check_count("concurrency", profile.concurrency, least=1)
    ServerCalendar(timezone=profile.timezone)


def _refuse_unknown(where: str, table: dict[str, Any], known: tuple[str, ...]) -> None:
    if "token" in table:
        raise ConfigurationError(
            f"{where}: token: a token does not belong in this file, which is copied and shown around; say "
            'token_env = "NAME" (an environment variable that holds it) or token_file = "PATH" (a file that only you '
            "may read), and get a new token if others may have seen this one"
        )
    for key in table:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]}?" if close else f"there is: {', '.join(known)}"
            raise ConfigurationError(f"{where}: there is no key {key!r}; {hint}")
