"""``houndstooth search``: search the catalogue by photo from a shell."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from houndstooth.commands import parameters
from houndstooth.mappings.errors import InvalidFilter, InvalidImage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from houndstooth.mappings.extractor import Extractor
    from houndstooth.mappings.features import Box
    from houndstooth.mappings.product import Fact
    from houndstooth.mappings.search import SearchAnswer, SearchRequest, SoldOut
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.plugin.config import Settings

HEADER = ("", "id", "score", "shape", "colour", "picture", "title", "offer", "matched")
MAX_TITLE = 48
"""Characters of a title that are printed."""

EPILOG = """\
\b
Examples:
  houndstooth search shirt.jpg
  houndstooth search front.jpg back.jpg
  houndstooth search shirt.jpg --category t-shirt --filter brand=Puma --filter price=10..50
  houndstooth search shirt.jpg --query '{"match": {"title": "linen"}}'
  houndstooth search shirt.jpg --sort price:asc --fields title,price --json
  curl -s https://shop.example/photo.jpg | houndstooth search - --top 5 --json

\b
Exit status:
  0  answered, an empty answer too
  1  the engine is away
  2  input that cannot be used

houndstooth doctor lists the settings, HOUNDSTOOTH_ENGINE and others.
"""


@click.command(epilog=EPILOG, short_help="Search by photo.")
@click.argument("images", nargs=-1, required=True, metavar="IMAGE…")
@click.option(
    "--category", metavar="C", help="What it is, such as t-shirt.  [default: ask the image]"
)
@click.option(
    "--box", metavar="x,y,w,h", help="Where it is, in fractions of the image from its top left."
)
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Only products with this value, or in a range low..high, low.. or ..high; repeat for "
    "more, where several values of one field mean any of them.",
)
@click.option(
    "--query",
    metavar="FILE|JSON",
    help="Only products that match this query of the engine's DSL; see docs/query.md.",
)
@click.option(
    "--sold-out",
    type=click.Choice(["last", "hide", "show"]),
    default="last",
    show_default=True,
    help="What is sold out: last, hidden, or among the others.",
)
@click.option(
    "--collapse/--no-collapse",
    default=True,
    show_default=True,
    help="Of a product's variants the nearest alone is a hit.",
)
@click.option(
    "--sort",
    default="relevance",
    show_default=True,
    metavar="FIELD:asc|desc",
    help="Order of the 200 hits that look most alike, such as price:asc.",
)
@click.option(
    "--fields",
    multiple=True,
    metavar="FIELD,…",
    help="With --json: the facts of each hit to print.  [default: all]",
)
@click.option("--top", type=int, default=10, show_default=True, metavar="N", help="Hits, 1 to 200.")
@click.option(
    "--appearance-weight",
    type=float,
    metavar="W",
    help="1 = shape alone, 0 = colour alone.  [default: HOUNDSTOOTH_APPEARANCE_WEIGHT, else 0.7]",
)
@click.option(
    "--cursor",
    metavar="TEXT",
    help="Go on after the last hit of an earlier answer to the same search: its next.",
)
@parameters.engine
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def command(
    extractor: Extractor | None,
    images: tuple[str, ...],
    category: str | None,
    box: str | None,
    filters: tuple[str, ...],
    query: str | None,
    sold_out: SoldOut,
    collapse: bool,
    sort: str,
    fields: tuple[str, ...],
    top: int,
    appearance_weight: float | None,
    cursor: str | None,
    engine: str | None,
    as_json: bool,
) -> None:
    """Find the products of the catalogue that look like the item in an IMAGE, a file or - (stdin).

    Several are pictures of one item, such as its front and its back, searched with together.

    Prints what the item was taken for, then a hit a line: the score, the distances in shape and in
    colour that it is made of, which of the product's pictures is nearest, and what it costs.
    """
    from houndstooth.mappings.features import Box
    from houndstooth.mappings.search import SearchRequest
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.plugin.answer import answer_json
    from houndstooth.plugin.config import Settings
    from houndstooth.plugin.engines.serving import followed
    from houndstooth.plugin.fact_paths import parse_names, select_facts
    from houndstooth.plugin.filters import parse_filter
    from houndstooth.plugin.shop_query import parse_query
    from houndstooth.plugin.sorting import parse_sort

    if fields and not as_json:
        raise click.UsageError("--fields chooses what --json prints; give both")
    names = parse_names(fields)
    settings = Settings.from_env()
    settings = followed(replace(settings, engine=engine or settings.engine))
    taxonomy = Taxonomy.load(settings.taxonomy)
    weight = settings.appearance_weight if appearance_weight is None else appearance_weight
    request = SearchRequest(
        category=category,
        box=None if box is None else Box.parse(box),
        filters=tuple(parse_filter(text) for text in filters),
        query=None if query is None else parse_query(_query_text(query)),
        sold_out=sold_out,
        collapse=collapse,
        sort=parse_sort(sort),
        top=top,
        appearance_weight=weight,
        cursor=cursor,
    )
    data = [_read(image, settings.max_upload_bytes) for image in images]
    answer = run(data, request, settings, taxonomy, extractor)
    if as_json:
        found = answer_json(answer)
        if names:
            for hit in found["hits"]:
                hit["product"] = select_facts(hit["product"], names)
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_table(answer, taxonomy)))


def run(
    images: Sequence[bytes],
    request: SearchRequest,
    settings: Settings,
    taxonomy: Taxonomy,
    extractor: Extractor | None = None,
) -> SearchAnswer:
    """Search once, with pictures of one item; the networks are loaded where none are given."""
    from houndstooth.plugin.engines import open_engine
    from houndstooth.plugin.service import VisualSearch

    with closing(open_engine(settings.engine, settings.credentials)) as engine:
        if extractor is None:
            # Here, so that refused arguments do not wait for the networks.
            from houndstooth.models.loading import load_extractor

            extractor = load_extractor(taxonomy, **settings.extractor_options)
        with closing(VisualSearch(extractor, engine, taxonomy, settings)) as search:
            return search.search(images[0], request, images[1:])


def _query_text(query: str) -> str:
    """Return a query in JSON, or that in a file."""
    if query.lstrip().startswith("{"):
        return query
    try:
        return Path(query).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        message = f"expected a query in JSON or its file; {query!r} cannot be read: {reason}"
        raise InvalidFilter(message) from None


def _read(path: str, limit: int) -> bytes:
    """Read a file, to one byte more than the limit at most: then it is too large."""
    if path == "-":
        return sys.stdin.buffer.read(limit + 1)
    try:
        with Path(path).open("rb") as file:
            return file.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidImage(f"expected an image file; {path!r} cannot be read: {reason}") from None


def _table(answer: SearchAnswer, taxonomy: Taxonomy) -> list[str]:
    """Format the answer as a table, line by line."""
    category = answer.categories[0]
    attributes = ", ".join(taxonomy.label_of(found.term) for found in answer.attributes)
    lines = [
        f"{taxonomy.label_of(category.term)} ({answer.category_source}, "
        f"{category.confidence:.0%}): {attributes}",
        f"box {_text_of(answer.box)} ({answer.box_source}) · "
        f"relaxed: {answer.relaxed} · {len(answer.hits)} hits in {answer.took_ms['total']:.0f} ms",
        *_items(answer),
        *(f"note: {note}" for note in answer.notes),
    ]
    rows: list[tuple[str, ...]] = [HEADER]
    for rank, hit in enumerate(answer.hits, 1):
        title = str(hit.product.get("title") or "")
        title = title if len(title) <= MAX_TITLE else f"{title[: MAX_TITLE - 1]}…"
        figures = (
            f"{value:.3f}" for value in (hit.score, hit.appearance_distance, hit.colour_distance)
        )
        rules = (f"{one.action}: {one.rule}" for one in hit.why)
        matched = ", ".join([*map(taxonomy.label_of, hit.matched), *rules])
        place, offer = str(hit.view.place), _offer(hit.product)
        rows.append((str(rank), hit.product_id, *figures, place, title, offer, matched))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows if answer.hits else ():
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join(cells).rstrip())
    if answer.next:
        lines.append(f"for more: --cursor {answer.next}")
    return lines


def _offer(product: Mapping[str, Fact]) -> str:
    """Say what a product costs, and whether it cannot be had at once."""
    from houndstooth.mappings.product import OUT_OF_STOCK, PREORDER

    price, currency = product.get("price"), product.get("currency") or ""
    cost = f"{price:,.2f} {currency}".strip() if isinstance(price, int | float) else ""
    availability = product.get("availability")
    later = availability if availability in (OUT_OF_STOCK, PREORDER) else ""
    return ", ".join(filter(None, (cost, later)))


def _items(answer: SearchAnswer) -> list[str]:
    """List the boxes of all items found, as options; none where there is at most one."""
    if len(answer.items) < 2:
        return []
    return [
        f"found {item.label.replace('-', ' ')} ({item.score:.0%}): --box {_text_of(item.box)}"
        for item in answer.items
    ]


def _text_of(box: Box) -> str:
    """Write a box as ``--box`` takes it, ``x,y,w,h``."""
    return ",".join(f"{value:g}" for value in box.as_list())
