"""``houndstooth doctor``: check an installation, and advise on what fails."""

from __future__ import annotations

import click

NAME_WIDTH = 31
"""Of the column of names, as wide as most variables' and hosts'."""

EPILOG = """\
\b
Exit status:
  0  nothing fails; there may be warnings
  1  something fails; the line below it says what to do
"""


@click.command(epilog=EPILOG, short_help="Check what is there, and say what to do.")
@click.pass_context
def command(context: click.Context) -> None:
    """Check Python, settings, networks, engine, columns, Redis, image hosts and API keys.

    What is found is a line each.

    Each line begins with ok, warn or FAIL. Settings are environment variables; their passwords are
    not shown. The networks' files are compared with the SHA-256 in their cards, and one photo is
    timed. Redis and workers are needed by houndstooth ingest --celery alone: where they are away,
    that is a warning.
    """
    from houndstooth.commands.checks import all_checks
    from houndstooth.commands.finding import show

    failed = warned = 0
    for finding in all_checks():
        show(finding, NAME_WIDTH, click.echo)
        failed += finding.level == "FAIL"
        warned += finding.level == "warn"
    click.echo(f"{failed} fail, {warned} warn")
    context.exit(int(failed > 0))
