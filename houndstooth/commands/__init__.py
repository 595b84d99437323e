"""The command ``houndstooth``: a module for each subcommand, imported when it is asked for.

Commands are where everything is wired: an extractor to an engine, options to settings. Each module
has one click command named ``command``, and imports what is heavy within it, so that ``--help`` and
refused options answer at once.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from houndstooth import __version__
from houndstooth.mappings.errors import HoundstoothError, InvalidInput

COMMANDS = (
    "demo",
    "ingest",
    "remove",
    "search",
    "serve",
    "worker",
    "jobs",
    "doctor",
    "draw",
    "train",
    "evaluate",
    "export",
    "casual-photos",
    "completion",
)
"""In the order of ``--help``: what serves a shop, then what makes networks."""

FAILED, UNUSABLE, INTERRUPTED = 1, 2, 130
"""Exit statuses: something failed on the way, nothing could begin, Ctrl-C."""


class Subcommands(click.Group):
    """Imports a subcommand's module when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the names, in the order of ``--help``."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a subcommand by its name; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"{__name__}.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.group(cls=Subcommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="houndstooth")
def houndstooth() -> None:
    """Visual search for fashion catalogues.

    Try it: houndstooth demo. Settings are environment variables, HOUNDSTOOTH_ENGINE and others;
    houndstooth doctor lists them, with what it finds. Shell completion: houndstooth completion.
    """


def main() -> None:
    """Run the command line; what went wrong is one line, and an exit status."""
    try:
        houndstooth(prog_name="houndstooth")
    except InvalidInput as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(UNUSABLE)
    except HoundstoothError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(FAILED)
