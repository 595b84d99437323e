"""What the shipped networks and the text rules make of real photos, where the data is there."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from houndstooth.mappings.features import Box
from houndstooth.mappings.seller_text import read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import NO_ITEM
from houndstooth.models.loading import load_extractor
from houndstooth.models.training.samples import split_of

ROOT = Path(__file__).parents[2]
PRODUCTS = (
    Path(os.environ.get("HOUNDSTOOTH_TEST_DATA", ROOT.parent / "shared" / "data")) / "products"
)
TAXONOMY = Taxonomy.load()

HARD = (
    *("13293", "17619", "13329", "48888", "42608", "13308", "48845", "59551", "13240", "59524"),
    *("45021", "42615", "13218", "14600", "18782", "20065"),
)
"""Photos nearest to drawings: thin chains, white garments on white."""

HERE = (PRODUCTS / "products.csv").exists()
WHY = "needs the product photos: put them beside the checkout or set HOUNDSTOOTH_TEST_DATA"
pytestmark = pytest.mark.skipif(not HERE, reason=WHY)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with (PRODUCTS / "products.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if split_of(row["group"]) == "test"]


def test_the_text_tells_the_great_category(rows: list[dict[str, str]]) -> None:
    right = [
        read_seller_text(TAXONOMY, row["productDisplayName"]).great_category
        == TAXONOMY.great_category(TAXONOMY.category_for_label(row["articleType"]) or "")
        for row in rows
    ]
    assert np.mean(right) >= 0.99


def test_text_and_image_together_tell_the_category(rows: list[dict[str, str]]) -> None:
    extractor = load_extractor(TAXONOMY)
    some = rows[::6]
    images = [extractor.decode((PRODUCTS / row["file"]).read_bytes()) for row in some]
    texts = [read_seller_text(TAXONOMY, row["productDisplayName"]) for row in some]
    truth = [TAXONOMY.category_for_label(row["articleType"]) for row in some]
    colours = [TAXONOMY.term_for_label("colour", row["baseColour"]) for row in some]
    guided = extractor.extract(images, [text.categories or None for text in texts])
    free = extractor.extract(images)
    assert np.mean([f.category.term == t for f, t in zip(guided, truth, strict=True)]) >= 0.95
    assert np.mean([f.category.term == t for f, t in zip(free, truth, strict=True)]) >= 0.82
    best = [f.best_attributes()[0].term for f in free]
    assert np.mean([found == colour for found, colour in zip(best, colours, strict=True)]) >= 0.6


def test_photos_of_products_are_not_taken_for_none() -> None:
    extractor = load_extractor(TAXONOMY)
    files = [(PRODUCTS / "images" / f"{name}.jpg").read_bytes() for name in HARD]
    found = extractor.extract([extractor.decode(data) for data in files])
    assert [name for name, one in zip(HARD, found, strict=True) if not one.shows_item] == []


def test_placeholders_and_charts_are_none() -> None:
    extractor = load_extractor(TAXONOMY)
    text = Image.new("RGB", (400, 400), "#eee")
    ImageDraw.Draw(text).text((80, 180), "No image available", "#888", ImageFont.load_default(26))
    blank = Image.new("RGB", (300, 400), "white")
    garment = Image.new("RGB", (300, 400), "white")
    garment.paste((200, 30, 30), (80, 60, 220, 340))
    found = extractor.extract([text, blank, garment])
    assert [one.shows_item for one in found] == [False, False, True]
    assert found[0].notes == (NO_ITEM,)
    [boxed] = extractor.extract([text], None, [Box(0.1, 0.4, 0.8, 0.2)])
    assert boxed.shows_item
    assert [one.shows_item for one in extractor.extract_items(text)] == [False]
