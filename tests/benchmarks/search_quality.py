"""``python -m tests.benchmarks.search_quality --products CSV --engine URL [--engine URL]``.

How good are the answers? Products are split by ``group`` (10 % queries, seeded). The others become
a feed of names and images alone, which ``houndstooth ingest`` brings into an engine; the queries'
photos are then asked through the service, once with the category found automatically and once with
it chosen. With ``--split validation`` those photos are asked, and test photos play no part. True
labels are the columns ``articleType`` and ``baseColour``, used for scoring alone. With ``--queries
CSV`` another file's photos are asked and every product is in the gallery.

mAP@50 is the mean over queries of the average precision at the ranks of the right hits among the
first fifty (0 where none is right); P@10 is the share of the first ten that are of the same type
and colour. "Over all" divides by min(50, all right ones in the gallery) instead of those found; for
colour no search within one category can reach 1 there: the colour is in other categories too.
Queries without a single right product in the gallery count in P@10 alone. "Same pattern" is, of the
first ten hits, the share of the query's pattern, where the names of both say one.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.seller_text import read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import load_extractor
from houndstooth.models.training.datasets.products import product_rows
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.service import VisualSearch
from tests.benchmarks.feed import CATALOGUE, Row, catalogue_and_queries, link_images, write_feed

Labels = Callable[[Row], object]
DEPTH = 50
HEADER = (
    *("type mAP@50", "colour mAP@50", "same type and colour, P@10"),
    *("type, over all", "colour, over all", "same pattern"),
)


def main() -> None:
    """Fill each engine, ask each question, print one table."""
    options = _options()
    rows = product_rows(options.products)
    if options.queries:
        gallery, queries = rows, product_rows(options.queries)
    else:
        gallery, queries = catalogue_and_queries(rows, options.split, options.seed)
    queries = queries[: options.limit]
    print(f"gallery {len(gallery)}, queries {len(queries)}, split by group, seed {options.seed}")
    print(f"| engine | category | {' | '.join(HEADER)} |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for url in options.engine:
        if not options.keep:
            _ingest(gallery, options.products.parent, url)
        for chosen in (False, True):
            search = _open(url)
            images = (options.queries or options.products).parent
            figures = ask(search, gallery, queries, images, chosen)
            search.engine.close()
            cells = " | ".join(f"{figure:.4f}" for figure in figures)
            way = "chosen" if chosen else "automatic"
            print(f"| {url.partition(':')[0]} | {way} | {cells} |", flush=True)


def _ingest(gallery: Sequence[Row], images: Path, url: str) -> None:
    """The gallery by the command that a shop would use, from ids, names and images alone."""
    with tempfile.TemporaryDirectory() as folder:
        feed = Path(folder) / "feed.csv"
        write_feed(gallery, feed)
        link_images(gallery, images, Path(folder))
        command = [sys.executable, "-m", "houndstooth", "ingest", str(feed), "--engine", url]
        if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
            sys.exit("expected every product to come in")


def _open(url: str) -> VisualSearch:
    taxonomy, settings = Taxonomy.load(), Settings.from_env()
    extractor = load_extractor(taxonomy, paper_threshold=settings.paper_threshold)
    return VisualSearch(extractor, open_engine(url), taxonomy, settings)


def ask(
    search: VisualSearch,
    gallery: Sequence[Row],
    queries: Sequence[Row],
    images: Path,
    chosen: bool,
) -> list[float]:
    """Ask each query's photo; the figures are those of HEADER."""
    taxonomy, settings = search.taxonomy, search.settings
    by_id = {row["id"]: row for row in gallery}
    count_types = Counter(r["articleType"] for r in gallery)
    count_colours = Counter(r["baseColour"] for r in gallery)
    types, colours, both, patterns = [], [], [], []
    for row in tqdm(queries, desc="queries", unit=" photos"):
        category = taxonomy.category_for_label(row["articleType"]) if chosen else None
        request = SearchRequest(
            category=category, top=DEPTH, appearance_weight=settings.appearance_weight
        )
        answer = search.search((images / row["file"]).read_bytes(), request)
        hits = [by_id[hit.product_id] for hit in answer.hits]
        same_type = np.array([h["articleType"] == row["articleType"] for h in hits], bool)
        same_colour = np.array([h["baseColour"] == row["baseColour"] for h in hits], bool)
        if count_types[row["articleType"]]:
            types.append(average_precision(same_type, count_types[row["articleType"]]))
        if count_colours[row["baseColour"]]:
            colours.append(average_precision(same_colour, count_colours[row["baseColour"]]))
        both.append((same_type & same_colour)[:10].sum() / 10)
        stated = read_seller_text(taxonomy, row["productDisplayName"]).attributes
        named = [_pattern(hit.visual.from_text) for hit in answer.hits[:10]]
        patterns += [found in stated["pattern"] for found in named if found and "pattern" in stated]
    by_found, by_all = zip(np.mean(types, axis=0), np.mean(colours, axis=0), strict=True)
    return [*by_found, np.mean(both), *by_all, np.mean(patterns)]


def _pattern(terms: Collection[str]) -> str | None:
    return next((term for term in terms if term.startswith("pattern:")), None)


def average_precision(right: np.ndarray, in_gallery: int) -> tuple[float, float]:
    """Average precision of ranked hits, bool [hits]: over the right ones found, and over all.

    The second divides by the right ones that fifty places could hold, and so counts those missed.
    """
    precision = (np.cumsum(right) / np.arange(1, len(right) + 1))[right].sum()
    return float(precision / max(1, right.sum())), float(precision / min(DEPTH, in_gallery))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.search_quality",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--products", type=Path, required=True, help="a products.csv")
    parser.add_argument("--queries", type=Path, help="ask the photos of this products.csv instead")
    parser.add_argument(
        "--engine", action="append", required=True, help="an empty index; repeatable"
    )
    parser.add_argument("--keep", action="store_true", help="the engines are filled already")
    parser.add_argument(
        "--split", choices=CATALOGUE, default="test", help="whose photos are asked (test)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the split (1)")
    parser.add_argument("--limit", type=int, help="ask only the first so many queries")
    return parser.parse_args()


if __name__ == "__main__":
    main()
