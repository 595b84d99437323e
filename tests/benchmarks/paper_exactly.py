"""``python -m tests.benchmarks.paper_exactly --products CSV --network STEM --out FILE``.

What if the search were the first paper's to the letter? Beside what is shipped:

- attributes are sampled from the LSTM alone, without the grammar (``--network``: the row
  ``paper-exactly`` of ``houndstooth papers --paper sk-planet``);
- codes are binarised at 0, not at each dimension's median;
- a pixel is in one bin of the colour histogram, not shared between neighbours;
- attributes decide which products are compared, and count nothing in their ranking;
- every product of a posting list is compared.

The queries and figures are those of ``search_quality``. ``--out`` is written for the tables of
``houndstooth papers``.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np

from houndstooth.commands import main as houndstooth
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.embedding import hsv_histogram
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import DEFAULT_DETECTOR, load_extractor
from houndstooth.models.localisation.detector import Detector
from houndstooth.models.localisation.locator import Locator
from houndstooth.models.runtime.card import WEIGHTS
from houndstooth.models.training.datasets.products import product_rows
from houndstooth.models.training.papers.sk_planet import open_exactly
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.service import VisualSearch
from tests.benchmarks.feed import CATALOGUE, Row, catalogue_and_queries, link_images, write_feed
from tests.benchmarks.search_quality import HEADER, ask


def main() -> None:
    """Index and ask with what is shipped, then to the letter; print a table and write it."""
    options = _options()
    taxonomy, settings = Taxonomy.load(), Settings()
    gallery, queries = catalogue_and_queries(
        product_rows(options.products), options.split, options.seed
    )
    gallery, queries = gallery[: options.gallery], queries[: options.limit]
    shipped = load_extractor(taxonomy)
    locator = Locator(Detector(WEIGHTS / DEFAULT_DETECTOR, None), taxonomy)
    recogniser = open_exactly(options.network, taxonomy)
    exact = ImageExtractor(recogniser, locator, paper_threshold=True, paper_histogram=True)
    looks_alone = replace(settings, attribute_weight=0.0, candidates=len(gallery))
    figures = {"default": _ask_both(shipped, settings, gallery, queries, options)}
    with plain_bins():
        figures["paper-exactly"] = _ask_both(exact, looks_alone, gallery, queries, options)
    print(f"| search | category | {' | '.join(HEADER)} |")
    print("|---|---|---|---|---|---|---|---|")
    for name, by_way in figures.items():
        for way, row in by_way.items():
            print(f"| {name} | {way} | {' | '.join(f'{figure:.4f}' for figure in row)} |")
    found = {"header": HEADER, "queries": len(queries), "figures": figures}
    options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


@contextmanager
def plain_bins() -> Iterator[None]:
    """Have each pixel counted in its one bin, hue, saturation and value: no greys, no sharing."""
    bins, _ = hsv_histogram._lookup_table()
    table = bins[:, :1], np.ones((len(bins), 1), dtype=np.float32)
    with mock.patch.object(hsv_histogram, "_lookup_table", lambda: table):
        yield


def _ask_both(
    extractor: ImageExtractor,
    settings: Settings,
    gallery: list[Row],
    queries: list[Row],
    options: argparse.Namespace,
) -> dict[str, list[float]]:
    """Index the gallery anew, and ask with the category found and with it chosen."""
    images = options.products.parent
    with tempfile.TemporaryDirectory() as folder:
        feed, url = Path(folder) / "feed.csv", f"sqlite:///{folder}/catalogue.db"
        write_feed(gallery, feed)
        link_images(gallery, images, Path(folder))
        if houndstooth(["ingest", str(feed), "--engine", url], extractor=extractor):
            sys.exit("expected every product to come in")
        search = VisualSearch(extractor, open_engine(url), Taxonomy.load(), settings)
        ways = {"automatic": False, "chosen": True}
        found = {way: ask(search, gallery, queries, images, chosen) for way, chosen in ways.items()}
        search.engine.close()
        return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.paper_exactly",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--products", type=Path, required=True, help="a products.csv")
    parser.add_argument("--network", type=Path, required=True, help="path without a suffix")
    parser.add_argument("--out", type=Path, required=True, help="a JSON file")
    parser.add_argument("--split", choices=CATALOGUE, default="test", help="asked (test)")
    parser.add_argument("--seed", type=int, default=1, help="of the split (1)")
    parser.add_argument("--limit", type=int, help="ask only the first so many queries")
    parser.add_argument("--gallery", type=int, help="index only the first so many products")
    return parser.parse_args()


if __name__ == "__main__":
    main()
