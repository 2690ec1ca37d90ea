"""`kauneonga completion`: what makes a shell complete commands, options and profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kauneonga_async.cli.help import Command

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["complete_profiles", "completion"]

_VARIABLE = "_KAUNEONGA_COMPLETE"  # by which click knows that the shell asks


@click.command(cls=Command, short_help="Completion by Tab: bash, zsh, fish")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), metavar="SHELL")
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script by which a shell completes kauneonga's commands.

    SHELL is bash, zsh or fish. To have it in every new shell, say in its file:

    \b
        ~/.bashrc                   source <(kauneonga completion bash)
        ~/.zshrc                    source <(kauneonga completion zsh)
        ~/.config/fish/config.fish  kauneonga completion fish | source

    In ~/.zshrc it belongs below compinit.
    """  # noqa: D301 - click's own mark of a block that is not to be wrapped
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None
    click.echo(made(context.find_root().command, {}, "kauneonga", _VARIABLE).source())


def complete_profiles(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Return the profiles whose names begin so; none where the file cannot be read, for Tab is no place to complain."""
    from click.shell_completion import CompletionItem

    from kauneonga_async.cli.profile_file import profile_path, read_profiles
    from kauneonga_async.errors import ConfigurationError

    try:
        file = read_profiles(profile_path())
    except (ConfigurationError, OSError):
        return []
    profiles = {} if file is None else file.profiles
    return [CompletionItem(name, help=profile.base_url) for name, profile in profiles.items() if name.startswith(begun)]
