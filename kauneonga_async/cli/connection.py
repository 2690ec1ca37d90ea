"""The options that say which account is meant and how to reach it, and the client they make."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from kauneonga_async.cli.completion import complete_profiles
from kauneonga_async.cli.help import AccountOption

if TYPE_CHECKING:
    from kauneonga_async import KauneongaClient
    from kauneonga_async.cli.account import Account

__all__ = ["ToStderr", "accounts_options", "connection_options", "open_client", "resolve_all"]

Command = TypeVar("Command", bound=Callable[..., Any])

_PROFILE_VARIABLE: Final = "KAUNEONGA_PROFILE"

_option = partial(click.option, cls=AccountOption)
_profile = partial(_option, "--profile", metavar="NAME", shell_complete=complete_profiles)

_PROFILE = (_profile(envvar=_PROFILE_VARIABLE, help="An account of kauneonga profiles."),)
_PROFILES = (
    _profile(multiple=True, help="An account of kauneonga profiles, or more."),
    _option("--all-profiles", is_flag=True, help="All accounts of kauneonga profiles."),
)
_OPTIONS = (
    _option("--base-url", metavar="URL", help="Where the API stands; or KAUNEONGA_BASE_URL."),
    _option(
        "--token-file",
        type=click.Path(allow_dash=True),
        metavar="FILE",
        help="Holds the token, - is stdin; or KAUNEONGA_TOKEN.",
    ),
    _option(
        "--timeout",
        type=float,
        metavar="SECONDS",
        help="For a whole call; in a list, to the next bytes.  [default: 30]",
    ),
    _option("--retries", type=int, metavar="N", help="Tries after the first.  [default: 4]"),
    _option("--concurrency", type=int, metavar="N", help="Requests in flight.  [default: 16]"),
    _option("--timezone", metavar="ZONE", help="The server's, as America/New_York; see doctor."),
    _option("--to-date-inclusive/--to-date-exclusive", default=None, help="Whether the last day asked for is listed."),
    _option(
        "--ca", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="A certificate authority to trust."
    ),
    _option("--proxy", metavar="URL", help="A proxy for every request."),
    _option("--allow-http", is_flag=True, help="Send the token unencrypted to another machine."),
    _option("-v", "--verbose", is_flag=True, help="Tell of each try, wait and give-up."),
)


def connection_options(command: Command) -> Command:
    """Give a command the options that :func:`open_client` takes."""
    return _with_options(command, (*_PROFILE, *_OPTIONS))


def accounts_options(command: Command) -> Command:
    """Give a command the options that :func:`resolve_all` takes: for one account or several."""
    return _with_options(command, (*_PROFILES, *_OPTIONS))


def _with_options(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def open_client(*, verbose: bool, **options: Any) -> KauneongaClient:
    """Return a client for the account that the options, a profile or the environment tell of."""
    from kauneonga_async.cli.account import resolve_account

    _log(verbose=verbose)
    return resolve_account(options).open()


def resolve_all(*, profile: Sequence[str], all_profiles: bool, verbose: bool, **options: Any) -> list[Account]:
    """Return the accounts that the options, profiles or the environment tell of, not opened yet.

    Raises:
        ConfigurationError: A profile cannot be used, or the options are one account's alone.
    """
    from kauneonga_async.cli.account import resolve_account, resolve_accounts

    if profile and all_profiles:
        raise click.UsageError("give --profile or --all-profiles")
    _log(verbose=verbose)
    # Not click's to read: it would take a name with a space for two, and a choice on the command line for a second one.
    named = os.environ.get(_PROFILE_VARIABLE)
    if named and not profile and not all_profiles:
        profile = (named,)
    if all_profiles or len(profile) > 1:
        return resolve_accounts(None if all_profiles else profile, options)
    return [resolve_account({**options, "profile": profile[0] if profile else None})]


class ToStderr(logging.StreamHandler[Any]):
    """Writes to what stderr is by then: a bar that shows progress has it write above itself."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)  # a StreamHandler's own would keep what stderr is now

    @property
    def stream(self) -> Any:
        return sys.stderr


def _log(*, verbose: bool) -> None:
    """Tell of troubles on stderr, and of each try, if that is asked for."""
    logging.basicConfig(format="kauneonga: %(message)s", handlers=[ToStderr()])
    if verbose:
        logging.getLogger("kauneonga_async").setLevel(logging.DEBUG)
