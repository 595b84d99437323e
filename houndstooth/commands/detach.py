"""``houndstooth detach``: take ``visual`` off the documents of a shop's index."""

from __future__ import annotations

from contextlib import closing
from threading import Event

import click

from houndstooth.commands import FAILED, nothing_begun
from houndstooth.commands.waiting import patient_engine

EPILOG = """\
\b
Examples:
  houndstooth detach opensearch://127.0.0.1:9200/products
  houndstooth detach opensearch://127.0.0.1:9200/products?visual=visual_2 --yes

\b
Exit status:
  0    no document has it any more
  1    some documents were refused, or the engine went away for longer than
       HOUNDSTOOTH_ENGINE_PATIENCE
  2    nothing could begin: the engine is away, or a setting or the index cannot be used
  130  interrupted, or not confirmed
"""

SHOWN = 5
"""Refused documents that are named."""


@click.command(epilog=EPILOG, short_help="Take what attach has added off an index.")
@click.argument("url", required=False)
@click.option("--yes", is_flag=True, help="Do not ask first.")
def command(url: str | None, yes: bool) -> int:
    """Take the object visual off every document of the shop's index at URL.

    The documents are then as the shop has written them, and its text search answers as before. The
    mapping keeps the field, empty: a mapping cannot lose one. To be rid of that too, reindex into a
    new index. End houndstooth attach --follow, and feeds, before.

    URL is as in houndstooth attach.  [default: HOUNDSTOOTH_ENGINE]
    """
    from tqdm import tqdm

    from houndstooth.ingest.attached.detaching import detach
    from houndstooth.plugin.config import Settings
    from houndstooth.plugin.engines import open_shop_index

    with nothing_begun():
        settings = Settings.from_env()
        index = open_shop_index(url or settings.engine, settings.credentials)
    with closing(index):
        with nothing_begun():
            index.check()
            total = index.count()
        if not yes:
            click.confirm(
                f"Take {index.visual} off the {total:,} documents of {index.location}?", abort=True
            )
        written, refused = 0, dict[str, str]()
        with tqdm(total=total, unit=" documents", disable=None) as bar:
            patience = settings.engine_patience
            for outcomes in detach(patient_engine(index, patience, Event())):
                done = sum(outcome.error is None for outcome in outcomes)
                refused |= {o.product_id: o.error for o in outcomes if o.error and not o.retryable}
                written += done
                bar.update(done)
        index.forget_deletions()
    click.echo(
        f"{index.visual} is taken off {written:,} of {total:,} documents; the mapping keeps the "
        "empty field, which only a new index would lack"
    )
    for product_id, error in list(refused.items())[:SHOWN]:
        click.echo(f"refused: {product_id}: {error}", err=True)
    return FAILED if refused else 0
