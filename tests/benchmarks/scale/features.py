"""Extract the features of all photos of the products data set once, and keep them in a cache.

``python -m tests.benchmarks.scale.features [--products FOLDER] [--cache FOLDER]``

Every photo is extracted twice with the shipped networks: as ingest does, where the seller's text
guides the category, and as a search does, where the image alone decides.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from houndstooth.ingest.merge import visual_document
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.features import Box, Bytes, Features, ScoredTerm
from houndstooth.mappings.product import Product
from houndstooth.mappings.seller_text import read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import load_extractor
from houndstooth.models.training.datasets.products import product_rows

ROOT = Path(__file__).resolve().parents[3]
PRODUCTS = ROOT.parent / "shared" / "data" / "products"
CACHE = ROOT / "var" / "bench"
BATCH = 8
EXTRACTORS = 2
"""Threads that extract, each with networks that run on one core."""


@dataclass(frozen=True)
class Photos:
    """The features of n photos of one way of extracting them.

    Attributes:
        binary_codes: uint8 [n, bytes].
        colour_histograms: uint8 [n, 104].
        categories: The best category of each photo.
        confidences: Of each photo the confidence of that category.
        predicted: Of each photo all terms with their confidences: groups in taxonomy order, best
            term first.
    """

    binary_codes: Bytes
    colour_histograms: Bytes
    categories: Sequence[str]
    confidences: Sequence[float]
    predicted: Sequence[Sequence[tuple[str, float]]]

    def __len__(self) -> int:
        return len(self.categories)


@dataclass(frozen=True)
class RealProducts:
    """The products of the data set.

    Attributes:
        model: Name and version of the weights.
        ids: The n product ids.
        titles: Their titles.
        styles: Number of each product's style, int64 [n]: column ``group`` of the data set, which
            joins the same photo, colour variants and items of one name.
        attributes: Attribute terms of each product as they are stored, sorted.
        stated: Those of them that the title states.
        indexed: Features as ingest extracts them.
        asked: Features as a search by photo extracts them.
    """

    model: str
    ids: Sequence[str]
    titles: Sequence[str]
    styles: np.ndarray
    attributes: Sequence[tuple[str, ...]]
    stated: Sequence[tuple[str, ...]]
    indexed: Photos
    asked: Photos

    def __len__(self) -> int:
        return len(self.ids)

    def query(self, row: int, *, certain: bool = False) -> Features:
        """Return a photo's features as a query.

        Args:
            row: The product.
            certain: Only the best term of each group, with confidence 1.
        """
        photos = self.asked
        features = Features(
            categories=(ScoredTerm(photos.categories[row], photos.confidences[row]),),
            category_source="auto",
            attributes=tuple(ScoredTerm(*term) for term in photos.predicted[row]),
            box=Box(0.0, 0.0, 1.0, 1.0),
            box_source="whole",
            binary_code=photos.binary_codes[row],
            colour_histogram=photos.colour_histograms[row],
            model=self.model,
        )
        if not certain:
            return features
        best = tuple(ScoredTerm(t.term, 1.0) for t in features.best_attributes())
        return Features(**{**vars(features), "attributes": best})


def load_products(products: Path = PRODUCTS, cache: Path = CACHE) -> RealProducts:
    """Read the features from the cache; extract them first if it has none."""
    arrays, facts = cache / "features.npz", cache / "features.json"
    if not (arrays.exists() and facts.exists()):
        extract(products, cache)
    data = json.loads(facts.read_text(encoding="utf-8"))
    with np.load(arrays) as stored:
        columns = {name: stored[name] for name in stored.files}
    indexed, asked = (
        Photos(
            columns[f"{way}_codes"],
            columns[f"{way}_histograms"],
            [row["categories"][0][0] for row in data[way]],
            [row["categories"][0][1] for row in data[way]],
            [[(term, share) for term, share in row["attributes"]] for row in data[way]],
        )
        for way in ("indexed", "asked")
    )
    return RealProducts(
        model=data["model"],
        ids=data["ids"],
        titles=data["titles"],
        styles=np.unique(data["styles"], return_inverse=True)[1],
        attributes=[tuple(terms) for terms in data["stored"]],
        stated=[tuple(terms) for terms in data["stated"]],
        indexed=indexed,
        asked=asked,
    )


def extract(products: Path, cache: Path) -> None:
    """Extract all photos both ways and write the cache."""
    taxonomy = Taxonomy.load()
    extractor = load_extractor(taxonomy, threads=1)
    rows = product_rows(products / "products.csv")
    evidence = [read_seller_text(taxonomy, row["productDisplayName"]) for row in rows]
    files = [products / row["file"] for row in rows]
    guides: list[Collection[str] | None] = [found.categories or None for found in evidence]
    indexed = _extract_all(extractor, files, guides, "as indexed")
    asked = _extract_all(extractor, files, [None] * len(files), "as asked")
    documents = [
        visual_document(
            Product(row["id"], row["productDisplayName"], (row["file"],)),
            text,
            [(1, features)],
            taxonomy,
            source_hash="",
            now=datetime.now(UTC),
        )
        for row, text, features in zip(rows, evidence, indexed, strict=True)
    ]
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(
        cache / "features.npz",
        indexed_codes=np.stack([one.binary_code for one in indexed]),
        indexed_histograms=np.stack([one.colour_histogram for one in indexed]),
        asked_codes=np.stack([one.binary_code for one in asked]),
        asked_histograms=np.stack([one.colour_histogram for one in asked]),
    )
    data = {
        "model": extractor.model,
        "ids": [row["id"] for row in rows],
        "titles": [row["productDisplayName"] for row in rows],
        "styles": [row["group"] for row in rows],
        "stored": [document.attributes for document in documents],
        "stated": [document.from_text for document in documents],
        "indexed": [_terms(features) for features in indexed],
        "asked": [_terms(features) for features in asked],
    }
    (cache / "features.json").write_text(json.dumps(data), encoding="utf-8")


def _extract_all(
    extractor: Extractor, files: Sequence[Path], guides: Sequence[Collection[str] | None], way: str
) -> list[Features]:
    def extract_batch(rows: Sequence[int]) -> list[Features]:
        images = [extractor.decode(files[row].read_bytes()) for row in rows]
        return extractor.extract(images, [guides[row] for row in rows])

    starts = [range(s, min(s + BATCH, len(files))) for s in range(0, len(files), BATCH)]

    def batches() -> Iterator[list[Features]]:
        with ThreadPoolExecutor(EXTRACTORS) as pool:
            yield from pool.map(extract_batch, starts)

    features: list[Features] = []
    with tqdm(total=len(files), desc=way, unit=" photos", mininterval=5) as progress:
        for batch in batches():
            features += batch
            progress.update(len(batch))
    return features


def _terms(features: Features) -> dict[str, Any]:
    return {
        "categories": [[term.term, round(term.confidence, 4)] for term in features.categories],
        "attributes": [[term.term, round(term.confidence, 4)] for term in features.attributes],
    }


def main() -> None:
    """Extract all photos unless the cache has their features."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale.features")
    parser.add_argument("--products", type=Path, default=PRODUCTS, help="default: %(default)s")
    parser.add_argument("--cache", type=Path, default=CACHE, help="default: %(default)s")
    options = parser.parse_args()
    real = load_products(options.products, options.cache)
    print(f"{len(real)} products of {len(np.unique(real.styles))} styles, model {real.model}")


if __name__ == "__main__":
    main()
