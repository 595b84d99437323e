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
    from collections.abc import Sequence

    from houndstooth.mappings.extractor import Extractor
    from houndstooth.mappings.search import Merge, SearchAnswer, SearchRequest, SoldOut
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.plugin.config import Settings

EPILOG = """\
\b
Examples:
  houndstooth search shirt.jpg
  houndstooth search front.jpg back.jpg
  houndstooth search --text "red dress under 50"
  houndstooth search shirt.jpg --text "but blue, with long sleeves"
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


@click.command(epilog=EPILOG, short_help="Search by photo or words.")
@click.argument("images", nargs=-1, metavar="[IMAGE…]")
@click.option(
    "--text",
    default="",
    metavar="WORDS",
    help='What it should be, alone or beside an image or product: "but red, under 30".',
)
@click.option("--product", metavar="ID", help="A product of the catalogue that it looks like.")
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
    "--merge",
    type=click.Choice(["none", "near-duplicates"]),
    default="none",
    show_default=True,
    help="What is one hit, beside variants: products with the same photo.",
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
    text: str,
    product: str | None,
    category: str | None,
    box: str | None,
    filters: tuple[str, ...],
    query: str | None,
    sold_out: SoldOut,
    collapse: bool,
    merge: Merge,
    sort: str,
    fields: tuple[str, ...],
    top: int,
    appearance_weight: float | None,
    cursor: str | None,
    engine: str | None,
    as_json: bool,
) -> None:
    """Find products of the catalogue by an IMAGE, a file or - (stdin), by --text or --product.

    Several are pictures of one item, such as its front and its back, searched with together.

    Prints what the item was taken for, then a hit a line: the score, the distances in shape and in
    colour that it is made of, which of the product's pictures is nearest, and what it costs.
    """
    from houndstooth.commands.printed_answer import printed_answer
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

    if not (images or text.strip() or product is not None):
        raise click.UsageError("expected an IMAGE, --text or --product; got none of them")
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
        merge=merge,
        sort=parse_sort(sort),
        top=top,
        appearance_weight=weight,
        cursor=cursor,
        text=text,
    )
    data = [_read(image, settings.max_upload_bytes) for image in images]
    answer = run(data, request, settings, taxonomy, extractor, product)
    if as_json:
        found = answer_json(answer)
        if names:
            for hit in found["hits"]:
                hit["product"] = select_facts(hit["product"], names)
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(printed_answer(answer, taxonomy)))


def run(
    images: Sequence[bytes],
    request: SearchRequest,
    settings: Settings,
    taxonomy: Taxonomy,
    extractor: Extractor | None = None,
    product_id: str | None = None,
) -> SearchAnswer:
    """Search once, see TextSearch; the networks are loaded where none are given."""
    from houndstooth.plugin.engines import open_engine
    from houndstooth.plugin.service import VisualSearch
    from houndstooth.plugin.text_search import TextSearch

    with closing(open_engine(settings.engine, settings.credentials)) as engine:
        if extractor is None:
            # Here, so that refused arguments do not wait for the networks.
            from houndstooth.models.loading import load_extractor

            extractor = load_extractor(taxonomy, **settings.extractor_options)
        with closing(VisualSearch(extractor, engine, taxonomy, settings)) as search:
            return TextSearch(search).search(request, images, product_id)


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
