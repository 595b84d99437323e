"""``python -m tests.benchmarks.looks --engine URL [--rounds N]``.

What does a search for every item of a photo find, and what does it take? 40 outfits are drawn. A
drawn item is found where an item of the answer has an IoU of a half or more with it, and the
detector's class of its category; of those, "category" is the same leaf. Then photos with four
items are asked through the service, in turns, for one item and for all of them. The catalogue
must be in the engine (``search_quality`` leaves it there).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from statistics import mean, median, stdev
from time import perf_counter
from typing import Any

from houndstooth.mappings.features import Box
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import load_extractor
from houndstooth.models.localisation.detector import overlap
from houndstooth.models.synthetic import generate
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.looks import Looks
from houndstooth.plugin.service import VisualSearch

OUTFITS, SEED, ITEMS = 40, 11, 4


def find(extractor: ImageExtractor, photo: bytes, items: list[dict[str, Any]]) -> list[list[bool]]:
    """Of each drawn item: found, found as its class, found as its category."""
    found = extractor.extract_items(extractor.decode(photo))
    classes = extractor.locator.detector.card.classes if extractor.locator.detector else {}
    figures = []
    for item in items:
        category, box = item["category"], Box(*item["box"])
        near = [each.category.term for each in found if overlap(each.box, box) >= 0.5]
        of_class = {leaf for leaves in classes.values() if category in leaves for leaf in leaves}
        figures.append([bool(near), not of_class.isdisjoint(near), category in near])
    return figures


def seconds(search: VisualSearch, looks: Looks, photo: bytes) -> tuple[float, float]:
    """How long a search for one item takes, and one for all."""
    start = perf_counter()
    search.search(photo, SearchRequest())
    between = perf_counter()
    looks.of_photo(photo, SearchRequest())
    return between - start, perf_counter() - between


def main() -> None:
    """Print what is found, and the times."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.looks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--engine", required=True, help="with the catalogue in it")
    parser.add_argument("--rounds", type=int, default=20, help="each photo is asked so often (20)")
    options = parser.parse_args()
    taxonomy, settings = Taxonomy.load(), Settings.from_env()
    extractor = load_extractor(taxonomy)
    search = VisualSearch(extractor, open_engine(options.engine), taxonomy, settings)
    looks = Looks(search)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(OUTFITS, SEED, folder, outfits=1.0, jobs=1, progress=False)
        labels = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
        photos = [(folder / label["file"]).read_bytes() for label in labels]
    figures: list[list[bool]] = []
    for photo, label in zip(photos, labels, strict=True):
        figures += find(extractor, photo, label["items"])
    shares = " | ".join(f"{mean(column):.3f}" for column in zip(*figures, strict=True))
    print(f"| items drawn | found | as their class | as their category |\n|---|---|---|---|\n"
          f"| {len(figures)} | {shares} |")  # fmt: skip
    of_four = [
        photo for photo in photos if len(looks.of_photo(photo, SearchRequest()).items) == ITEMS
    ]
    times = [[seconds(search, looks, photo) for photo in of_four] for _ in range(options.rounds)]
    one, every = ([1000 * pair[at] for each in times for pair in each] for at in (0, 1))
    ratios = [median(p[1] for p in each) / median(p[0] for p in each) for each in times]
    error = stdev(ratios) / len(ratios) ** 0.5
    print(f"{len(of_four)} photos of {ITEMS} items: one item {median(one):.1f} ms, all "
          f"{median(every):.1f} ms, ratio {mean(ratios):.2f} ± {error:.2f}")  # fmt: skip
    search.engine.close()


if __name__ == "__main__":
    main()
