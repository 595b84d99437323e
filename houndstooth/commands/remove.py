"""``houndstooth remove``: delete products from an engine."""

from __future__ import annotations

from contextlib import closing

import click

from houndstooth.commands import nothing_begun, parameters

EPILOG = """\
\b
Example:
  houndstooth remove 1042 1043 --engine opensearch://127.0.0.1:9200/products

\b
Exit status:
  0  done
  2  the engine is away, or a setting cannot be used
"""


@click.command(epilog=EPILOG, short_help="Delete products.")
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@parameters.engine
def command(ids: tuple[str, ...], engine: str | None) -> None:
    """Delete products from an engine by the shop's ids, their whole documents.

    Ids that are not there are no error.
    """
    from houndstooth.plugin.config import Settings
    from houndstooth.plugin.engines import open_engine

    with nothing_begun():
        settings = Settings.from_env()
        with closing(open_engine(engine or settings.engine, settings.credentials)) as opened:
            removed = opened.delete(ids)
            opened.refresh()
    click.echo(f"{removed} of {len(set(ids))} products were there and are removed")
