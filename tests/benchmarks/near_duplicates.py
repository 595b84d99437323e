"""How often a photo that is encoded anew is a near-duplicate, and other products' photos are.

::

    python -m tests.benchmarks.near_duplicates --products PRODUCTS/products.csv
    python -m tests.benchmarks.near_duplicates --codes 100000

The first compares re-encoded product photos with the photos as they are, and photos of different
products (of different values of ``group``) with each other. The second takes the time to find all
near-duplicates of drawn codes, a fifth of them in one category, and those of a page of 32.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
from collections.abc import Callable, Sequence
from math import sqrt
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image

from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.features import Features
from houndstooth.mappings.rows import FeatureRows
from houndstooth.mappings.seller_text import read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import load_extractor
from houndstooth.plugin.columns.near import LIMITS, grown_groups, near_rows
from houndstooth.plugin.columns.snapshot import Snapshot

Encode = Callable[[Image.Image], bytes]


def encoding(form: str, scale: float = 1, quality: int = 90) -> Encode:
    def encode(image: Image.Image) -> bytes:
        width, height = (round(scale * side) for side in image.size)
        file = io.BytesIO()
        image.resize((width, height), Image.Resampling.LANCZOS).save(file, form, quality=quality)
        return file.getvalue()

    return encode


ENCODINGS = {
    "JPEG, quality 95": encoding("JPEG", quality=95),
    "JPEG, quality 75": encoding("JPEG", quality=75),
    "JPEG, quality 60": encoding("JPEG", quality=60),
    "WebP, quality 80": encoding("WEBP", quality=80),
    "twice the size": encoding("JPEG", 2, 85),
    "half the size": encoding("JPEG", 0.5),
}


def are_near(one: Features, other: Features) -> bool:
    bits = np.bitwise_count(one.binary_code ^ other.binary_code).sum() / (8 * one.binary_code.size)
    difference = one.colour_histogram.astype(int) - other.colour_histogram
    colour = (difference**2).sum() / (2 * 255**2)
    return bool(bits <= LIMITS.appearance and colour <= LIMITS.colour)


def share(count: int, total: int) -> str:
    """A share and its standard error; of none, the bound that holds 19 times in 20."""
    if not count:
        return f"0 of {total:,} (below {3 / total:.2g})"
    part = count / total
    return f"{count} of {total:,} ({part:.3f} ± {sqrt(part * (1 - part) / total):.3f})"


def measure(products: Path, photos: int, others: int) -> None:
    with products.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    random.Random(1).shuffle(rows)
    rows = rows[: photos + others]
    taxonomy = Taxonomy.load()
    extractor = load_extractor(taxonomy)
    texts = [(row["productDisplayName"], row["articleType"]) for row in rows]
    guides = [read_seller_text(taxonomy, *text).categories or None for text in texts]
    files = [(products.parent / row["file"]).read_bytes() for row in rows]
    found = extract(extractor, files, guides)
    for name, encode in ENCODINGS.items():
        images = (Image.open(io.BytesIO(data)).convert("RGB") for data in files[:photos])
        again = extract(extractor, [encode(image) for image in images], guides[:photos])
        missed = sum(not are_near(*pair) for pair in zip(found, again, strict=False))
        print(f"{name:20} missed {share(missed, photos)}")
    segment = Snapshot.of(feature_rows(found)).parts[0].segment
    false = {
        product
        for a, b in near_rows(segment)
        for pair in zip(segment.ids(a), segment.ids(b), strict=True)
        if rows[int(pair[0])]["group"] != rows[int(pair[1])]["group"]
        for product in pair
    }
    print(f"{'other products':20} {share(len(false), len(rows))} are near another")


def extract(
    extractor: Extractor, files: Sequence[bytes], guides: Sequence[frozenset[str] | None]
) -> list[Features]:
    found: list[Features] = []
    for start in range(0, len(files), 8):
        images = [extractor.decode(data) for data in files[start : start + 8]]
        found += extractor.extract(images, guides[start : start + 8])
    return found


def feature_rows(found: Sequence[Features]) -> FeatureRows:
    return FeatureRows(
        [str(n) for n in range(len(found))],
        np.ones(len(found), dtype=np.int64),
        [("", one.known_category(), ()) for one in found],
        np.array([one.binary_code for one in found]),
        np.array([one.colour_histogram for one in found]),
        [None] * len(found),
    )


def time_codes(count: int) -> None:
    noise = np.random.default_rng(1)
    shares = 0.2 * 0.8 ** np.arange(40)
    categories = noise.choice(40, count, p=shares / shares.sum())
    rows = FeatureRows(
        [f"p{n}" for n in range(count)],
        np.ones(count, dtype=np.int64),
        [("", f"c{category}", ()) for category in categories],
        noise.integers(0, 256, (count, 174), dtype=np.uint8),
        noise.integers(0, 60, (count, 104), dtype=np.uint8),
        [None] * count,
    )
    snapshot = Snapshot.of(rows)
    began = perf_counter()
    pairs = sum(len(a) for a, _ in near_rows(snapshot.parts[0].segment))
    print(f"{count:,} codes, all near-duplicates: {perf_counter() - began:.1f} s ({pairs:,} pairs)")
    page = [f"p{n}" for n in range(32)]
    began = perf_counter()
    grown_groups(snapshot, page, None)
    print(f"{count:,} codes, those of a page of 32: {1000 * (perf_counter() - began):.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=Path, help="a products.csv")
    parser.add_argument("--photos", type=int, default=400, help="photos that are encoded anew")
    parser.add_argument("--others", type=int, default=2600, help="photos of other products")
    parser.add_argument("--codes", type=int, help="number of drawn codes")
    words = parser.parse_args()
    if words.products:
        measure(words.products, words.photos, words.others)
    if words.codes:
        time_codes(words.codes)


if __name__ == "__main__":
    main()
