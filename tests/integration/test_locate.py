"""Guided detection in the one door, on drawn outfits with exact boxes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from houndstooth.mappings.features import Box, Detection, Features
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import DEFAULT_DETECTOR, load_extractor
from houndstooth.models.localisation.locator import Locator
from houndstooth.models.synthetic import generate

TAXONOMY = Taxonomy.load()


@pytest.fixture(scope="module")
def extractor() -> ImageExtractor:
    return load_extractor(TAXONOMY)


@pytest.fixture(scope="module")
def outfits(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("outfits")
    generate(12, 6, folder, outfits=1.0, progress=False)
    labels = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    return [{**label, "path": folder / label["file"]} for label in labels]


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    wide = max(0.0, min(a.x + a.w, b.x + b.w) - max(a.x, b.x))
    high = max(0.0, min(a.y + a.h, b.y + b.h) - max(a.y, b.y))
    return wide * high / (a.w * a.h + b.w * b.h - wide * high)


def test_each_item_of_an_outfit_is_found_by_its_category(
    extractor: ImageExtractor, outfits: list[dict[str, Any]]
) -> None:
    shares = []
    for outfit in outfits:
        image = extractor.decode(Path(str(outfit["path"])).read_bytes())
        items = [item for item in outfit["items"] if item["box"][3] > 0.1]
        found = extractor.extract([image] * len(items), [{i["category"]} for i in items])
        for item, seen in zip(items, found, strict=True):
            assert seen.category.term == item["category"] and seen.category_source == "chosen"
            shares.append(overlap(seen.box, Box(*item["box"])))
    assert np.mean(np.array(shares) > 0.5) > 0.7


def told(features: Features) -> tuple[object, ...]:
    """Return what is stored of an item."""
    terms = {scored.term for scored in features.sure_terms()}
    code, colours = features.binary_code.tobytes(), features.colour_histogram.tobytes()
    return features.box, features.category.term, terms, code, colours


def test_what_is_beside_an_item_has_the_features_of_a_search_for_it(
    extractor: ImageExtractor, outfits: list[dict[str, Any]]
) -> None:
    images = [extractor.decode(Path(str(one["path"])).read_bytes()) for one in outfits[:6]]
    guides = [{one["items"][0]["category"]} for one in outfits[:6]]
    alone = extractor.extract(images, guides)
    found = extractor.extract(images, guides, with_others=[True, True, True, True, False, True])
    assert not found[4].beside and list(map(told, found)) == list(map(told, alone))
    compared = 0
    for image, item in zip(images, found, strict=True):
        classes = {each.box: each.categories for each in item.items}
        for other in item.beside:
            [asked] = extractor.extract([image], [classes[other.box]])
            if asked.box == other.box:
                assert told(other) == told(asked)
                compared += 1
    assert compared >= 6


def test_items_of_categories_that_the_taxonomy_lacks_are_not_told(
    extractor: ImageExtractor, outfits: list[dict[str, Any]]
) -> None:
    image = extractor.decode(Path(str(outfits[0]["path"])).read_bytes())
    [seen] = extractor.extract([image])
    lost = seen.items[0].categories
    kept = {term: one for term, one in TAXONOMY.categories.items() if term not in lost}
    locator = Locator(extractor.locator.detector, replace(TAXONOMY, categories=kept))
    told = locator.locate(image, None, None).items
    assert len(told) < len(seen.items)
    assert all(set(item.categories) <= set(kept) for item in told)


def test_unguided_all_that_was_found_is_told(
    extractor: ImageExtractor, outfits: list[dict[str, Any]]
) -> None:
    """On plain background the framing says what is for sale; its box is then among those found."""
    image = extractor.decode(Path(str(outfits[0]["path"])).read_bytes())
    [seen] = extractor.extract([image])
    assert len(seen.items) >= 2 and seen.category_source == "auto"
    assert seen.box_source in ("detector", "foreground")
    if seen.box_source == "detector":
        assert seen.box in [item.box for item in seen.items]
    assert all(isinstance(item, Detection) and 0.5 <= item.score <= 1 for item in seen.items)
    scores = [item.score for item in seen.items]
    assert scores == sorted(scores, reverse=True)


def test_a_worn_item_asked_in_its_own_box_is_as_if_its_category_were_given(
    extractor: ImageExtractor, outfits: list[dict[str, Any]]
) -> None:
    images = [extractor.decode(Path(str(outfit["path"])).read_bytes()) for outfit in outfits]
    free = extractor.extract(images)
    # Found among others once the category was recognised in all that stands out.
    first = [extractor.locator.locate(image, None, None).source for image in images]
    worn = [
        row
        for row, seen in enumerate(free)
        if first[row] == "foreground" and seen.box_source == "detector"
    ]
    choices = [{free[row].category.term} for row in worn]
    guided = extractor.extract([images[row] for row in worn], choices)
    same = [(free[row], seen) for row, seen in zip(worn, guided, strict=True)]
    same = [(a, b) for a, b in same if a.box == b.box]
    assert len(same) >= 3
    for a, b in same:
        told, expected = ({t.term: t.confidence for t in f.attributes} for f in (a, b))
        assert told == pytest.approx(expected, abs=0.01)
        assert (a.colour_histogram == b.colour_histogram).all() and np.unpackbits(
            a.binary_code ^ b.binary_code
        ).mean() < 0.01


def test_before_a_busy_ground_the_surest_large_item_is_meant(
    extractor: ImageExtractor, outfits: list[dict[str, Any]]
) -> None:
    image = extractor.decode(Path(str(outfits[0]["path"])).read_bytes()).convert("RGB")
    pixels = np.asarray(image).copy()
    rim = np.ones(pixels.shape[:2], bool)
    rim[6:-6, 6:-6] = False
    pixels[rim] = np.random.default_rng(0).integers(0, 256, (rim.sum(), 3))
    [seen] = extractor.extract([Image.fromarray(pixels)])
    assert seen.box_source == "detector"
    [item] = [item for item in seen.items if item.box == seen.box]
    assert item.score >= extractor.locator.detector.card.sure_score
    assert seen.category.term in item.categories and seen.category_source == "auto"


def test_a_given_box_wins_and_nobody_looks_further(
    extractor: ImageExtractor, outfits: list[dict[str, Any]]
) -> None:
    image = extractor.decode(Path(str(outfits[0]["path"])).read_bytes())
    box = Box(0.2, 0.3, 0.3, 0.3)
    [seen] = extractor.extract([image], boxes=[box])
    assert (seen.box, seen.box_source, seen.items) == (box, "given", ())


def test_nothing_found_leaves_the_foreground_and_says_so(extractor: ImageExtractor) -> None:
    image = Image.new("RGB", (240, 320), "white")
    image.paste((30, 60, 140), (60, 80, 180, 240))
    [seen] = extractor.extract([image], [{"umbrella"}])
    assert seen.box_source == "foreground"
    [seen] = extractor.extract([Image.new("RGB", (240, 320), "teal")])
    assert seen.box_source == "whole" and seen.items == ()


def test_a_shoe_on_plain_ground_is_all_that_stands_out(extractor: ImageExtractor) -> None:
    image = Image.new("RGB", (240, 320), "white")
    image.paste((30, 60, 140), (60, 200, 180, 260))
    [seen] = extractor.extract([image], [{"sports-shoes"}])
    assert seen.box_source == "foreground" and seen.items == ()


def test_another_detector_is_another_model(extractor: ImageExtractor) -> None:
    assert f"+{DEFAULT_DETECTOR}+" in extractor.model
    assert load_extractor(TAXONOMY, detector=None).model == extractor.model.replace(
        f"+{DEFAULT_DETECTOR}", ""
    )
