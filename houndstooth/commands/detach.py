"""``houndstooth detach``: take ``visual``, in all versions, off a shop's documents."""

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
    """Take the object visual off every document of the shop's index at URL, in all versions.

    These are visual, visual_2 and so on, where they are Houndstooth's; what the index says of the
    one that serves goes as well. A URL with ?visual=visual_2 takes off that one alone.

    The documents are then as the shop has written them, and its text search answers as before. The
    mapping keeps the field, empty: a mapping cannot lose one. To be rid of that too, reindex into a
    new index. End houndstooth attach --follow, and feeds, before.

    URL is as in houndstooth attach.  [default: HOUNDSTOOTH_ENGINE]
    """
    from tqdm import tqdm

    from houndstooth.ingest.attached.detaching import detach
    from houndstooth.mappings.errors import EngineUnavailable
    from houndstooth.plugin.config import Settings
    from houndstooth.plugin.engines import open_shop_index
    from houndstooth.plugin.engines.serving import follows

    with nothing_begun():
        settings = Settings.from_env()
        address = url or settings.engine
        index = open_shop_index(address, settings.credentials)
    with closing(index):
        with nothing_begun():
            index.check()
            total, found = index.count(), index.versions()
            versions = found if follows(address) else [one for one in found if one == index.visual]
            names = " and ".join(versions) or index.visual
        if not yes:
            click.confirm(
                f"Take {names} off the {total:,} documents of {index.location}?", abort=True
            )
        written, refused = 0, dict[str, str]()
        index = patient_engine(index, settings.engine_patience, Event())
        with tqdm(total=total, unit=" documents", disable=None) as bar:
            for outcomes in detach(index, versions):
                done = sum(outcome.error is None for outcome in outcomes)
                refused |= {o.product_id: o.error for o in outcomes if o.error and not o.retryable}
                written += done
                bar.update(done)
        if versions == found and not refused:
            index.forget_deletions()
            if (serving := index.serving()) and not index.serve(None, serving):
                raise EngineUnavailable(
                    "expected no houndstooth migrate meanwhile; got one that has begun: give the "
                    "command again after it"
                )
    click.echo(
        f"{written:,} of {total:,} documents had {names}, which is taken off; the mapping keeps "
        "the empty field, which only a new index would lack"
    )
    for product_id, error in list(refused.items())[:SHOWN]:
        click.echo(f"refused: {product_id}: {error}", err=True)
    return FAILED if refused else 0
