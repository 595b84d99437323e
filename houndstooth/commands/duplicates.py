"""``houndstooth duplicates``: products that have the same photo."""

from __future__ import annotations

import csv
import json
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import click

from houndstooth.commands import nothing_begun, parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from houndstooth.mappings.extractor import Extractor
    from houndstooth.plugin.duplicates import DuplicateGroup

EPILOG = """\
\b
Examples:
  houndstooth duplicates
  houndstooth duplicates --csv > duplicates.csv
  houndstooth duplicates --engine opensearch://127.0.0.1:9200/products --json

\b
Exit status:
  0  answered, also where there are none
  1  the engine is away
  2  nothing could begin: the engine is away, or a setting cannot be used
"""

SHOWN = 10
"""Products of a group that the table shows."""

TITLE = 48
"""Characters of a title that the table shows."""

CSV = ("duplicates", "why", "product_id", "title", "image", "group", "picture")


@click.command(epilog=EPILOG, short_help="List products that have the same photo.")
@parameters.engine
@click.option(
    "--top",
    type=parameters.Whole(1, 1_000_000),
    help="Print the largest groups alone.  [default: 20 in the table, else all]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the groups as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a CSV with a row for each product.")
@click.pass_obj
def command(
    extractor: Extractor | None,
    engine: str | None,
    top: int | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """List the products of a catalogue whose first picture is the same photo.

    It is the same file, or near-equal: the photo in another size or format, of products of one
    category. Variants of one product count as one. Nothing is written to the engine.
    """
    from houndstooth.commands.ingest_run import load_networks
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.plugin.columns.store import Columns
    from houndstooth.plugin.config import Settings
    from houndstooth.plugin.duplicates import find_duplicates
    from houndstooth.plugin.engines import open_engine

    if as_json and as_csv:
        raise click.UsageError("expected --json or --csv; got both")
    with nothing_begun():
        settings = Settings.from_env()
        opened = open_engine(engine or settings.engine, settings.credentials)
    with closing(opened):
        with nothing_begun():
            opened.ping()
            networks = extractor or load_networks(Taxonomy.load(settings.taxonomy), settings)
        field = settings.variant_field
        columns = Columns(opened, networks.model, networks.lengths, field, settings.columns)
        columns.sync()
        snapshot = columns.snapshot()
        groups = find_duplicates(opened, snapshot, field) if snapshot else []
    if as_json:
        text = json.dumps([one.to_json() for one in groups[:top]], ensure_ascii=False, indent=2)
        click.echo(text)
    elif as_csv:
        _write_csv(groups[:top])
    else:
        click.echo("\n".join(_table(groups, top or 20, columns.size)))


def _write_csv(groups: Iterable[DuplicateGroup]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(CSV)
    for number, group in enumerate(groups, start=1):
        for one in group.products:
            facts = (one.product_id, one.title, one.image, one.variant_group, one.picture)
            writer.writerow([number, group.why, *facts])


def _table(groups: Sequence[DuplicateGroup], top: int, total: int) -> Iterator[str]:
    products = sum(len(one.products) for one in groups)
    yield f"{len(groups):,} groups of {products:,} among {total:,} products"
    for group in groups[:top]:
        yield f"\n{len(group.products):,} products, {group.files:,} files: {group.why}"
        width = max(len(one.product_id) for one in group.products[:SHOWN])
        for one in group.products[:SHOWN]:
            title = (one.title or "")[:TITLE]
            yield f"  {one.product_id:<{width}}  {title:<{TITLE}}  {one.image or ''}".rstrip()
        if len(group.products) > SHOWN:
            yield f"  and {len(group.products) - SHOWN:,} more"
    if len(groups) > top:
        yield f"\nand {len(groups) - top:,} groups more: --top, --json or --csv"
