"""How well words find products, alone and beside a product, and how long that takes.

``python -m tests.benchmarks.words --products CSV --engine URL [--count N] [--seed N]``

The engine has products of ``products.csv``, indexed from names and images alone. True labels are
the columns ``articleType`` and ``baseColour``, used for scoring alone.

- *A title*: its words from "Men", "Women", … on, so without the brand (without its first word where
  there is no such word) are asked. P@10 is the share of the first ten other hits of the product's
  type and colour; "of those with ten" counts the queries that have ten right products.
- *But red*: a product that is not red is asked beside "but red", in categories with a red product.
- *Time* of a search in this process, from words or a photo's bytes to the answer, in turns:
  medians, and the share that words take of a photo, with its standard error by resampling them.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median, stdev

from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import load_extractor
from houndstooth.models.training.datasets.products import product_rows
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.service import VisualSearch
from houndstooth.plugin.text_search import TextSearch
from tests.benchmarks.feed import Row

AUDIENCE = re.compile(r"\b(?:Men|Women|Boys|Girls|Kids|Unisex)(?:'s)?\b")
FIRST = 10
PHOTOS = 80
RESAMPLES = 200


def without_brand(title: str) -> str:
    """The words of a title that name no brand."""
    found = AUDIENCE.search(title)
    return title[found.start() :] if found else title.partition(" ")[2]


def main() -> None:
    """Ask, and print the figures."""
    options = _options()
    taxonomy, settings = Taxonomy.load(), Settings.from_env()
    search = VisualSearch(load_extractor(taxonomy), open_engine(options.engine), taxonomy, settings)
    texts = TextSearch(search)
    every = {row["id"]: row for row in product_rows(options.products)}
    stored = search.engine.fetch(list(every))
    rows = [every[one.product_id] for one in stored]
    print(f"{len(rows)} products, {options.count} of each question, seed {options.seed}")
    some = random.Random(options.seed).sample(rows, min(options.count, len(rows)))
    _titles(texts, rows, every, some)
    not_red = [one for one in stored if one.visual and "colour:red" not in one.visual.attributes]
    reds = Counter(
        one.visual.category
        for one in stored
        if one.visual and "colour:red" in one.visual.attributes
    )
    asked = [one for one in not_red if one.visual and reds[one.visual.category]]
    chosen = random.Random(options.seed).sample(asked, min(options.count, len(asked)))
    red, kept = [], []
    for one in chosen:
        [first] = texts.search(SearchRequest(text="but red", top=1), (), one.product_id).hits
        red.append(every[first.product_id]["baseColour"] == "Red")
        kept.append(one.visual is not None and first.visual.category == one.visual.category)
    print(
        f"but red, {len(red)} products: first hit red {_share(red)}, category kept {_share(kept)}"
    )
    _times(texts, some, options.products.parent)
    search.close()
    search.engine.close()


def _titles(
    texts: TextSearch, rows: Sequence[Row], every: dict[str, Row], some: Sequence[Row]
) -> None:
    kinds = Counter((row["articleType"], row["baseColour"]) for row in rows)
    precision, of_ten = [], []
    for row in some:
        request = SearchRequest(text=without_brand(row["productDisplayName"]), top=FIRST + 1)
        hits = [one.product_id for one in texts.search(request).hits]
        others = [every[one] for one in hits if one != row["id"]][:FIRST]
        kind = row["articleType"], row["baseColour"]
        right = sum((one["articleType"], one["baseColour"]) == kind for one in others) / FIRST
        precision.append(right)
        if kinds[kind] > FIRST:
            of_ten.append(right)
    print(f"title: P@10 {_share(precision)}; of {len(of_ten)} with ten {_share(of_ten)}")


def _times(texts: TextSearch, some: Sequence[Row], images: Path) -> None:
    turns: list[tuple[float, float]] = []
    for row in some[:PHOTOS]:
        text = without_brand(row["productDisplayName"])
        by_words = texts.search(SearchRequest(text=text)).took_ms["total"]
        photo = (images / row["file"]).read_bytes()
        turns.append((by_words, texts.search(SearchRequest(), [photo]).took_ms["total"]))

    def share(some_turns: Sequence[tuple[float, float]]) -> float:
        words, photos = zip(*some_turns, strict=True)
        return median(words) / median(photos)

    words, photos = zip(*turns, strict=True)
    chance = random.Random(1)
    error = stdev(share(chance.choices(turns, k=len(turns))) for _ in range(RESAMPLES))
    print(
        f"words {median(words):.1f} ms, photo {median(photos):.1f} ms: "
        f"{share(turns):.3f} (s.e. {error:.3f}) of it"
    )


def _share(found: Sequence[float]) -> str:
    error = stdev(found) / len(found) ** 0.5 if len(found) > 1 else 0.0
    return f"{mean(found):.3f} (s.e. {error:.3f})"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.words",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--products", type=Path, required=True, help="a products.csv")
    parser.add_argument("--engine", required=True, help="an index of its products")
    parser.add_argument("--count", type=int, default=200, help="questions of each kind (200)")
    parser.add_argument("--seed", type=int, default=1, help="of the samples (1)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
