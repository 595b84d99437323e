"""``python -m tests.benchmarks.category_column --products CSV``.

Does Google's category column help or harm? The commonest types of the products, equally many
products of each, become a feed of names and images, once without a category and once with the path
that a merchant would choose from Google's taxonomy, which knows one "Shirts & Tops" and one
"Shoes". ``houndstooth ingest`` brings each feed into a new SQLite file. Each product's own photo is
asked with the category found automatically. "Same type" is, of the first ten other products, the
share of the asked one's ``articleType``, with its standard error over the photos.
"""

from __future__ import annotations

import argparse
import csv
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import load_extractor
from houndstooth.models.training.datasets.products import product_rows
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.service import VisualSearch
from tests.benchmarks.feed import Row, link_images

TOP = 10
CLOTHING = "Apparel & Accessories > Clothing"
ACCESSORIES = "Apparel & Accessories > Clothing Accessories"
TYPES_BY_PATH = {
    f"{CLOTHING} > Shirts & Tops": "Tshirts|Shirts|Tops|Kurtas|Sweaters|Sweatshirts|Kurtis|Tunics",
    f"{CLOTHING} > Outerwear > Coats & Jackets": "Jackets|Blazers|Rain Jacket",
    f"{CLOTHING} > Pants": "Trousers|Jeans|Track Pants|Capris|Leggings",
    f"{CLOTHING} > Shorts": "Shorts",
    f"{CLOTHING} > Dresses": "Dresses",
    f"{CLOTHING} > Underwear & Socks > Socks": "Socks",
    "Apparel & Accessories > Shoes": (
        "Casual Shoes|Sports Shoes|Formal Shoes|Heels|Flats|Flip Flops|Sandals|Sports Sandals"
    ),
    "Apparel & Accessories > Jewelry > Watches": "Watches",
    "Apparel & Accessories > Handbags, Wallets & Cases > Handbags": "Handbags|Clutches",
    "Apparel & Accessories > Handbags, Wallets & Cases > Wallets & Money Clips": "Wallets",
    "Luggage & Bags > Backpacks": "Backpacks",
    f"{ACCESSORIES} > Sunglasses": "Sunglasses",
    f"{ACCESSORIES} > Belts": "Belts",
    f"{ACCESSORIES} > Hats": "Caps|Hat",
    f"{ACCESSORIES} > Neckties": "Ties",
    f"{ACCESSORIES} > Scarves & Shawls": "Scarves|Mufflers|Stoles",
}
PATHS = {kind: path for path, kinds in TYPES_BY_PATH.items() for kind in kinds.split("|")}


def main() -> None:
    """Fill two engines with the same products, ask each the same photos, print one table."""
    options = _options()
    rows = _sample(product_rows(options.products), options)
    print(f"{len(rows)} products of {options.types} types, seed {options.seed}")
    print("| category column | asked by | same type among ten | standard error | lowest types |")
    print("|---|---|---|---|---|", flush=True)
    for name in ("none", "Google's"):
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/catalogue.db"
            _ingest(rows, options.products.parent, Path(folder), url, name != "none")
            for query, shares in _ask(rows, options.products.parent, url).items():
                mean, error = np.mean(shares), np.std(shares, ddof=1) / np.sqrt(len(shares))
                lowest = _lowest(rows, shares)
                print(f"| {name} | {query} | {mean:.4f} | {error:.4f} | {lowest} |", flush=True)


def _lowest(rows: Sequence[Row], shares: Sequence[float]) -> str:
    by_type = defaultdict(list)
    for row, share in zip(rows, shares, strict=True):
        by_type[row["articleType"]].append(share)
    low = sorted((float(np.mean(found)), kind) for kind, found in by_type.items())[:4]
    return ", ".join(f"{kind} {share:.2f}" for share, kind in low)


def _sample(rows: Sequence[Row], options: argparse.Namespace) -> list[Row]:
    """Draw the same number of products of each of the commonest types."""
    commonest = Counter(row["articleType"] for row in rows).most_common(options.types)
    draw = random.Random(options.seed)
    of_type = {kind: [row for row in rows if row["articleType"] == kind] for kind, _ in commonest}
    return [row for kind in of_type for row in draw.sample(of_type[kind], options.each)]


def _ingest(rows: Sequence[Row], images: Path, folder: Path, url: str, column: bool) -> None:
    with (folder / "feed.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "title", "image_link", "google_product_category"])
        for row in rows:
            path = PATHS[row["articleType"]] if column else ""
            writer.writerow([row["id"], row["productDisplayName"], row["file"], path])
    link_images(rows, images, folder)
    command = [sys.executable, "-m", "houndstooth", "ingest", str(folder / "feed.csv")]
    if subprocess.run([*command, "--engine", url], stdout=sys.stderr, check=False).returncode:
        sys.exit("expected every product to come in")


def _ask(rows: Sequence[Row], images: Path, url: str) -> dict[str, list[float]]:
    """Ask each product's photo, and the product itself as a shopper does who looks at it.

    Returns:
        The share of its type among the first ten others, by the kind of query.
    """
    taxonomy, settings = Taxonomy.load(), Settings.from_env()
    extractor = load_extractor(taxonomy, paper_threshold=settings.paper_threshold)
    search = VisualSearch(extractor, open_engine(url), taxonomy, settings)
    type_of = {row["id"]: row["articleType"] for row in rows}
    request = SearchRequest(top=TOP + 1, appearance_weight=settings.appearance_weight)
    shares: dict[str, list[float]] = {"photo": [], "product": []}
    for row in tqdm(rows, desc="queries", unit=" products"):
        answers = {
            "photo": search.search((images / row["file"]).read_bytes(), request),
            "product": search.similar(row["id"], request),
        }
        for query, answer in answers.items():
            others = [hit.product_id for hit in answer.hits if hit.product_id != row["id"]][:TOP]
            same = sum(type_of[each] == row["articleType"] for each in others)
            shares[query].append(same / TOP)
    search.engine.close()
    return shares


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.category_column",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--products", type=Path, required=True, help="a products.csv")
    parser.add_argument("--types", type=int, default=25, help="how many of the commonest (25)")
    parser.add_argument("--each", type=int, default=20, help="products of each type (20)")
    parser.add_argument("--seed", type=int, default=1, help="of the draw (1)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
