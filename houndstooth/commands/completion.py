"""``houndstooth completion``: the script that completes words in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from houndstooth.mappings.errors import InvalidInput


@click.command
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the script that completes commands and options in a shell.

    \b
    bash:  eval "$(houndstooth completion bash)"     in ~/.bashrc
    zsh:   eval "$(houndstooth completion zsh)"      in ~/.zshrc
    fish:  houndstooth completion fish | source      in ~/.config/fish/config.fish
    """
    found = get_completion_class(shell)
    if found is None:
        raise InvalidInput(f"expected a shell that click completes for; got {shell!r}")
    root = context.find_root().command
    click.echo(found(root, {}, "houndstooth", "_HOUNDSTOOTH_COMPLETE").source())
