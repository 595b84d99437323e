"""Does the box help search? Whole image, foreground box and detected box, on the same photos.

``python -m tests.benchmarks.box_quality --products CSV [--street DIR]``

Products: the test split's (or ``--split validation``'s) tops and bottoms worn with more, that is
photos in which the detector is sure of a garment that is neither the product's own kind nor a
sibling. Each is guided by the category that the seller's text names. Colour is right when the
recogniser's first choice is the shop's own label; P@10 is the share of hits of the same type and
colour, out of all tops and bottoms of the splits before, indexed by names and images, boxes found
in the same way.

Street (test split): every labelled garment is asked by its own category, with the detector and
without. Share of the first ten hits in that category, and how far the centre of the recognised
colour term is from the median colour of the labelled box's middle, as ΔE (CIE 1976); the data's
masks themselves are not there, so the box's middle stands in for them.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms
from tqdm import tqdm

from houndstooth.ingest.feeds import open_feed
from houndstooth.ingest.images import folder_images
from houndstooth.ingest.pipeline import ingest_feed
from houndstooth.ingest.products import read_feed
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.features import WHOLE_IMAGE, Box, Features
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.seller_text import read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import load_extractor
from houndstooth.models.localisation.locator import WORN
from houndstooth.models.synthetic.colours import centre
from houndstooth.models.training.datasets.products import product_rows
from houndstooth.models.training.detection.samples import MIN_SIDE, street_split
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.service import VisualSearch
from tests.benchmarks.feed import CATALOGUE, Row, catalogue_and_queries, write_feed

BATCH = 16


class WholeImage:
    """An extractor that takes the whole image for the item."""

    def __init__(self, extractor: ImageExtractor) -> None:
        self.inner, self.model, self.decode = extractor, extractor.model, extractor.decode

    def extract(
        self,
        images: Sequence[Any],
        categories: Sequence[Collection[str] | None] | None = None,
        boxes: Sequence[Box | None] | None = None,
        with_others: Sequence[bool] | None = None,
    ) -> list[Features]:
        return self.inner.extract(images, categories, [WHOLE_IMAGE] * len(images), with_others)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.box_quality",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--products", type=Path, required=True, help="a products.csv")
    parser.add_argument("--street", type=Path, help="a folder with a street.jsonl")
    parser.add_argument(
        "--split", choices=CATALOGUE, default="test", help="whose photos are asked (test)"
    )
    options = parser.parse_args()
    taxonomy = Taxonomy.load()
    found = load_extractor(taxonomy, detector=None), load_extractor(taxonomy)
    ways = {"whole image": WholeImage(found[0]), "foreground": found[0], "detected": found[1]}
    rows = [
        row
        for row in product_rows(options.products)
        if taxonomy.great_category(taxonomy.category_for_label(row["articleType"]) or "watch")
        in ("top", "bottom")
    ]
    gallery, asked = catalogue_and_queries(rows, options.split)
    queries = worn_with_more(asked, options.products.parent, taxonomy)
    print(f"{len(queries)} photos worn with more, gallery {len(gallery)}")
    print("| box | colour accuracy | same type and colour, P@10 |\n|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, extractor in ways.items():
            engine = open_engine(f"sqlite:///{folder}/{name.split()[0]}.db")
            fill(engine, gallery, options.products.parent, extractor, taxonomy)
            scores = products(
                queries, gallery, options.products.parent, extractor, engine, taxonomy
            )
            print(f"| {name} | {scores[0]:.4f} | {scores[1]:.4f} |", flush=True)
        if options.street:
            engine = open_engine(f"sqlite:///{folder}/street.db")
            every = product_rows(options.products)
            fill(engine, every, options.products.parent, found[1], taxonomy)
            found[0].model = found[1].model  # else no product counts as comparable
            print("\n| box | hits of the asked category | ΔE of the colour term |\n|---|---|---|")
            for name, extractor in (("without", found[0]), ("with", found[1])):
                share, distance, count = street(options.street, extractor, engine, taxonomy)
                print(f"| {name} ({count} garments) | {share:.4f} | {distance:.1f} |", flush=True)


def worn_with_more(rows: Sequence[Row], images: Path, taxonomy: Taxonomy) -> list[Row]:
    """Photos that show another garment beside the product."""
    detector = load_extractor(taxonomy)
    kept = []
    for row in tqdm(rows, desc="worn with more", leave=False):
        own = taxonomy.category_for_label(row["articleType"]) or ""
        kin = {own, *taxonomy.siblings_of(own)}
        [seen] = detector.extract([detector.decode((images / row["file"]).read_bytes())])
        garments = [
            i for i in seen.items if {taxonomy.great_category(c) for c in i.categories} & WORN
        ]
        if any(kin.isdisjoint(item.categories) for item in garments):
            kept.append(row)
    return kept


def fill(
    engine: Engine, rows: Sequence[Row], images: Path, extractor: Any, taxonomy: Taxonomy
) -> None:
    """Index products by id, name and image."""
    engine.prepare()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.csv"
        write_feed(rows, path)
        with open_feed(path) as feed:
            total = tqdm(total=len(rows), desc="index", leave=False)
            for batch in ingest_feed(
                read_feed(feed)[1],
                extractor=extractor,
                engine=engine,
                taxonomy=taxonomy,
                load_image=folder_images(images),
            ):
                total.update(len(batch))
    engine.refresh()


def products(
    queries: Sequence[Row],
    gallery: Sequence[Row],
    images: Path,
    extractor: Any,
    engine: Engine,
    taxonomy: Taxonomy,
) -> tuple[float, float]:
    """Colour accuracy and P@10 of photos guided by the seller's text."""
    search = VisualSearch(extractor, engine, taxonomy, Settings())
    by_id = {row["id"]: row for row in gallery}
    colours, precision = [], []
    for row in tqdm(queries, desc="queries", leave=False):
        data = (images / row["file"]).read_bytes()
        text = read_seller_text(taxonomy, row["productDisplayName"]).categories or None
        [seen] = extractor.extract([extractor.decode(data)], [text])
        label = taxonomy.term_for_label("colour", row["baseColour"])
        best = {t.term.partition(":")[0]: t.term for t in seen.best_attributes()}
        if label is not None:
            colours.append(best.get("colour") == label)
        request = SearchRequest(category=seen.category.term, top=10)
        hits = [by_id[hit.product_id] for hit in search.search(data, request).hits]
        same = [all(h[c] == row[c] for c in ("articleType", "baseColour")) for h in hits]
        precision.append(sum(same) / 10)
    return float(np.mean(colours)), float(np.mean(precision))


def street(
    folder: Path, extractor: Any, engine: Engine, taxonomy: Taxonomy
) -> tuple[float, float, int]:
    """Share of hits in the asked category, mean ΔE of the colour term, garments asked."""
    search = VisualSearch(extractor, engine, taxonomy, Settings())
    shares, distances = [], []
    lines = (folder / "street.jsonl").read_text(encoding="utf-8").splitlines()
    for line in tqdm(lines, desc="street", leave=False):
        record = json.loads(line)
        if street_split(record["file"]) != "test":
            continue
        data = (folder / record["file"]).read_bytes()
        with Image.open(folder / record["file"]) as image:
            pixels = np.asarray(image.convert("RGB"))
        for box in record["boxes"]:
            category = taxonomy.category_for_label(box["label"])
            if category is None or min(box["w"], box["h"]) < MIN_SIDE:
                continue
            answer = search.search(data, SearchRequest(category=category, top=10))
            shares.append(np.mean([hit.visual.category == category for hit in answer.hits]))
            colour = [t.term for t in answer.attributes if t.term.startswith("colour:")]
            if colour:
                distances.append(delta_e(colour[0].partition(":")[2], middle_colour(pixels, box)))
    return float(np.mean(shares)), float(np.mean(distances)), len(shares)


def middle_colour(pixels: np.ndarray, box: Mapping[str, int]) -> np.ndarray:
    """Median RGB of the middle half of a box in pixels: float [3] in [0, 1]."""
    x, y, w, h = (box[key] for key in "xywh")
    middle = pixels[y + h // 4 : y + h - h // 4, x + w // 4 : x + w - w // 4]
    return np.asarray(np.median(middle.reshape(-1, 3), axis=0) / 255)


def delta_e(term: str, colour: np.ndarray) -> float:
    """Distance in CIELAB between a colour term's centre and an RGB colour."""
    pair = np.round(np.array([centre(term), colour]) * 255).astype(np.uint8)
    profile = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    image = ImageCms.profileToProfile(Image.fromarray(pair[None]), *profile, outputMode="LAB")
    lab = np.asarray(image)[0].astype(float)
    lab[:, 0] *= 100 / 255
    lab[:, 1:] = (lab[:, 1:] + 128) % 256 - 128
    return float(np.linalg.norm(lab[0] - lab[1]))


if __name__ == "__main__":
    main()
