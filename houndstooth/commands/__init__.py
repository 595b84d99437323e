"""The command ``houndstooth``: a module for each subcommand, imported when it is asked for.

Commands are where everything is wired: an extractor to an engine, options to settings. Each module
has one click command named ``command``, and imports what is heavy within it, so that ``--help`` and
refused options answer at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

import click

from houndstooth import __version__
from houndstooth.mappings.errors import FewerProducts, HoundstoothError, InvalidInput

if TYPE_CHECKING:
    from houndstooth.mappings.extractor import Extractor

COMMANDS = (
    "demo",
    "ingest",
    "attach",
    "detach",
    "migrate",
    "remove",
    "search",
    "duplicates",
    "serve",
    "worker",
    "jobs",
    "keys",
    "doctor",
    "encoder",
    "draw",
    "train",
    "evaluate",
    "measure",
    "export",
    "casual-photos",
    "papers",
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


def main(words: Sequence[str] | None = None, *, extractor: Extractor | None = None) -> int:
    """Run the command line and return its exit status; what went wrong is one line on stderr.

    Args:
        words: the arguments; None takes those of the process.
        extractor: the ``obj`` of click's context; None has a command load the networks.
    """
    try:
        status = houndstooth(words, "houndstooth", standalone_mode=False, obj=extractor)
    except click.Abort:  # Ctrl-C
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except InvalidInput as error:
        click.echo(f"error: {error}", err=True)
        return UNUSABLE
    except HoundstoothError as error:
        click.echo(f"error: {error}", err=True)
        return FAILED
    return int(status or 0)


class CannotBegin(click.ClickException):
    """Ends a command with ``UNUSABLE``, whatever the error was."""

    exit_code = UNUSABLE

    def show(self, file: object = None) -> None:
        """Print the one line."""
        click.echo(f"error: {self.message}", err=True)


@contextmanager
def nothing_begun() -> Iterator[None]:
    """End the command with ``UNUSABLE`` at any error raised on purpose but FewerProducts."""
    try:
        yield
    except FewerProducts:
        raise
    except HoundstoothError as error:
        raise CannotBegin(str(error)) from None
