"""``kauneonga profiles``: the accounts that the configuration file tells of."""

from __future__ import annotations

from typing import Any

import click

from kauneonga_async.cli.help import Command
from kauneonga_async.cli.output import plain, wants_table

__all__ = ["profiles"]


@click.command(cls=Command, short_help="The accounts of the configuration file")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines on a terminal too.")
def profiles(*, as_json: bool) -> None:
    """List the accounts of the configuration file: names and URLs, never tokens.

    The file is ~/.config/kauneonga/config.toml (XDG_CONFIG_HOME is honoured), or where macOS and Windows keep such
    files. It looks like this:

    \b
        default_profile = "clinic"
        [profiles.clinic]
        base_url = "https://acme.example.com/api"
        token_env = "CLINIC_TOKEN"      # a variable that holds the token
        # token_file = "clinic.token"   # or a file that only you may read
        timezone = "America/New_York"   # what kauneonga doctor finds out
        to_date_inclusive = true

    Other keys are timeout, retries, concurrency, ca, proxy and allow_http, as the options of the same names.

    What counts is, in this order: the options on the command line; the profile that is named, by --profile or
    KAUNEONGA_PROFILE; KAUNEONGA_BASE_URL and KAUNEONGA_TOKEN; the default profile. A profile that is named is used as
    a whole, without those variables; the default profile only if neither they nor --base-url are there.
    """  # noqa: D301 - click's own mark of a block that is not to be wrapped
    from kauneonga_async.cli.profile_file import profile_path, read_profiles

    path = profile_path()
    file = read_profiles(path)
    if file is None:
        raise click.ClickException(f"there is no {path}; kauneonga profiles --help shows what it holds")
    found: list[dict[str, Any]] = [
        {"name": name, "base_url": profile.base_url, "default": name == file.default}
        for name, profile in file.profiles.items()
    ]
    if wants_table(as_json=as_json):
        _print(found)
    else:
        import msgspec

        for entry in found:
            click.echo(msgspec.json.encode(entry))


def _print(found: list[dict[str, Any]]) -> None:
    width = max((len(plain(entry["name"])) for entry in found), default=0)
    for entry in found:
        mark = "  (default)" if entry["default"] else ""
        click.echo(f"{plain(entry['name']):{width}}  {plain(entry['base_url'])}{mark}")
