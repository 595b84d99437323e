"""``python -m plugin IMAGE``: search the catalogue by photo from a shell."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from houndstooth.mappings.errors import HoundstoothError, InvalidImage, InvalidInput
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.features import Box
from houndstooth.mappings.search import MAX_HITS, SearchAnswer, SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.answer import answer_json
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.filters import parse_filter
from houndstooth.plugin.service import VisualSearch

BAD_INPUT, ENGINE_AWAY = 2, 1

EPILOG = """\
examples:
  python -m plugin shirt.jpg
  python -m plugin shirt.jpg --category t-shirt --filter brand=Puma --filter price=10..50
  curl -s https://shop.example/photo.jpg | python -m plugin - --top 5 --json

exit status: 0 answered (an empty answer too), 1 the engine is away, 2 input that cannot be used.
Environment variables (HOUNDSTOOTH_ENGINE and others) are listed in plugin/config.py.
"""


def main(argv: Sequence[str] | None = None, *, extractor: Extractor | None = None) -> int:
    """Run the command and return its exit status; tests give an extractor of their own."""
    try:
        settings = Settings.from_env()
        arguments = _parser(settings).parse_args(argv)
        settings = replace(settings, engine=arguments.engine or settings.engine)
        taxonomy = Taxonomy.load(settings.taxonomy)
        answer = _search(arguments, settings, taxonomy, extractor)
    except InvalidInput as error:
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT
    except HoundstoothError as error:
        print(f"error: {error}", file=sys.stderr)
        return ENGINE_AWAY
    if arguments.json:
        print(json.dumps(answer_json(answer), ensure_ascii=False, indent=2))
    else:
        print("\n".join(_table(answer, taxonomy)))
    return 0


def _parser(settings: Settings) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m plugin",
        description="Find the products of the catalogue that look like the item in an image.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("image", metavar="IMAGE", help="image file, or - for standard input")
    parser.add_argument(
        "--category", metavar="C", help="what it is, such as t-shirt (default: ask the image)"
    )
    parser.add_argument(
        "--box", metavar="x,y,w,h", help="where it is, in fractions of the image from its top left"
    )
    parser.add_argument(
        "--filter",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="only products with this value, or in a range low..high, low.. or ..high; "
        "repeat for more, where several values of one field mean any of them",
    )
    parser.add_argument(
        "--collapse",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="of a product's variants the nearest alone is a hit",
    )
    parser.add_argument(
        "--top", type=int, default=10, metavar="N", help=f"hits, 1 to {MAX_HITS} (default: 10)"
    )
    parser.add_argument(
        "--appearance-weight",
        type=float,
        default=settings.appearance_weight,
        metavar="W",
        help=f"1 = shape alone, 0 = colour alone (default: {settings.appearance_weight:g})",
    )
    parser.add_argument("--engine", metavar="URL", help=f"default: {settings.engine}")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    return parser


def _search(
    arguments: argparse.Namespace,
    settings: Settings,
    taxonomy: Taxonomy,
    extractor: Extractor | None,
) -> SearchAnswer:
    request = SearchRequest(
        category=arguments.category,
        box=None if arguments.box is None else Box.parse(arguments.box),
        filters=tuple(parse_filter(text) for text in arguments.filter),
        collapse=arguments.collapse,
        top=arguments.top,
        appearance_weight=arguments.appearance_weight,
    )
    image = _read(arguments.image, settings.max_upload_bytes)
    with closing(open_engine(settings.engine)) as engine:
        if extractor is None:
            # Here, so that --help and refused arguments do not wait for the networks.
            from houndstooth.models.loading import load_extractor

            extractor = load_extractor(taxonomy, **settings.extractor_options)
        return VisualSearch(extractor, engine, taxonomy, settings).search(image, request)


def _read(path: str, limit: int) -> bytes:
    """The file's bytes, one more than the limit at most: enough to tell that it is too large."""
    if path == "-":
        return sys.stdin.buffer.read(limit + 1)
    try:
        with Path(path).open("rb") as file:
            return file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise InvalidImage(f"expected an image file; {path!r} cannot be read: {error}") from None


def _table(answer: SearchAnswer, taxonomy: Taxonomy) -> list[str]:
    """The answer for people, line by line."""
    category = answer.categories[0]
    seen = ", ".join(taxonomy.label_of(found.term) for found in answer.attributes)
    lines = [
        f"{taxonomy.label_of(category.term)} ({answer.category_source}, "
        f"{category.confidence:.0%}): {seen}",
        f"box {_text_of(answer.box)} ({answer.box_source}) · "
        f"relaxed: {answer.relaxed} · {len(answer.hits)} hits in {answer.took_ms['total']:.0f} ms",
        *_items(answer),
    ]
    rows: list[tuple[str, ...]] = [("", "id", "score", "shape", "colour", "title", "matched")]
    for rank, hit in enumerate(answer.hits, 1):
        title = str(hit.product.get("title") or "")
        figures = (
            f"{value:.3f}" for value in (hit.score, hit.appearance_distance, hit.colour_distance)
        )
        matched = ", ".join(taxonomy.label_of(term) for term in hit.matched)
        rows.append((str(rank), hit.product_id, *figures, title[:48], matched))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows if answer.hits else ():
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join(cells).rstrip())
    return lines


def _items(answer: SearchAnswer) -> list[str]:
    """What to ask for instead, a line each; none where there is nothing to choose from."""
    if len(answer.items) < 2:
        return []
    return [
        f"found {item.label.replace('-', ' ')} ({item.score:.0%}): --box {_text_of(item.box)}"
        for item in answer.items
    ]


def _text_of(box: Box) -> str:
    """``x,y,w,h``, as ``--box`` takes it."""
    return ",".join(f"{value:g}" for value in box.as_list())


if __name__ == "__main__":
    sys.exit(main())
