"""The shipped networks through the one door, on synthetic images."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.features import MIN_SIDE, Box, Features
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import DEFAULT_DETECTOR, DEFAULT_MODEL, load_extractor
from houndstooth.models.runtime.card import WEIGHTS, Card
from houndstooth.models.synthetic import generate
from houndstooth.plugin.config import Settings

TAXONOMY = Taxonomy.load()


@pytest.fixture(scope="module")
def extractor() -> ImageExtractor:
    return load_extractor(TAXONOMY)


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    folder = tmp_path_factory.mktemp("synthetic")
    generate(60, 5, folder, outfits=0.0, progress=False)
    labels = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    return [{**label, "path": folder / label["file"]} for label in labels]


@pytest.fixture(scope="module")
def images(extractor: ImageExtractor, synthetic: list[dict[str, Path]]) -> list[Image.Image]:
    return [extractor.decode(label["path"].read_bytes()) for label in synthetic]


def same(a: Features, b: Features) -> bool:
    bits = np.unpackbits(a.binary_code ^ b.binary_code).mean()
    return (
        a.category.term == b.category.term
        and bits < 0.01
        and bool((a.colour_histogram == b.colour_histogram).all())
    )


def test_every_head_and_term_of_the_card_is_in_the_taxonomy() -> None:
    card = Card.read(WEIGHTS / DEFAULT_MODEL)
    assert set(card.heads["category"]) <= set(TAXONOMY.categories)
    assert set(card.heads["great_category"]) <= set(TAXONOMY.great_categories)
    for head, terms in card.heads.items():
        if head not in ("category", "great_category"):
            assert set(terms) <= set(TAXONOMY.attribute_terms()), head
    assert set(card.terms) <= set(TAXONOMY.attribute_terms())
    assert set(card.temperatures) == set(card.heads)


def test_synthetic_images_are_recognised(
    extractor: ImageExtractor, images: list[Image.Image], synthetic: list[dict[str, object]]
) -> None:
    found = extractor.extract(images)
    right = [
        f.category.term == label["category"] for f, label in zip(found, synthetic, strict=True)
    ]
    assert np.mean(right) > 0.9
    boxes = np.array([f.box.as_list() for f in found])
    true = np.array([label["box"] for label in synthetic])
    assert np.median(np.abs(boxes - true).max(axis=1)) < 0.03
    assert np.mean([f.box_source == "foreground" for f in found]) > 0.9


def test_a_batch_is_its_images_one_by_one_in_any_thread(
    extractor: ImageExtractor, images: list[Image.Image]
) -> None:
    batch = extractor.extract(images[:12])
    with ThreadPoolExecutor(4) as pool:
        alone = list(pool.map(lambda image: extractor.extract([image])[0], images[:12]))
    assert all(same(a, b) for a, b in zip(batch, alone, strict=True))


def test_a_chosen_category_steers_and_a_wider_choice_narrows(
    extractor: ImageExtractor, images: list[Image.Image]
) -> None:
    shoes = {"casual-shoes", "sports-shoes", "formal-shoes"}
    chosen, restrict, free = (
        extractor.extract(images[:1], [choice])[0] for choice in (["shirt"], shoes, None)
    )
    assert (chosen.category.term, chosen.category.confidence) == ("shirt", 1.0)
    assert restrict.category.term in shoes and {c.term for c in restrict.categories} <= shoes
    sources = (chosen.category_source, restrict.category_source, free.category_source)
    assert sources == ("chosen", "text", "auto")
    groups = set(TAXONOMY.groups_of("shirt"))
    assert {t.term.partition(":")[0] for t in chosen.attributes} <= groups


def test_probabilities_are_probabilities(
    extractor: ImageExtractor, images: list[Image.Image]
) -> None:
    for found in extractor.extract(images[:20]):
        assert all(0 <= term.confidence <= 1 for term in found.attributes)
        colours = [t.confidence for t in found.attributes if t.term.startswith("colour:")]
        assert colours and sum(colours) <= 1.001, "shares of one item's colours"


def test_a_drawn_box_decides_what_is_looked_at(extractor: ImageExtractor) -> None:
    image = Image.new("RGB", (300, 200), "white")
    image.paste((200, 20, 20), (10, 10, 140, 190))
    image.paste((20, 40, 200), (160, 10, 290, 190))
    left, right = extractor.extract(
        [image, image], boxes=[Box(0.03, 0.05, 0.44, 0.9), Box(0.53, 0.05, 0.44, 0.9)]
    )
    assert left.box_source == right.box_source == "given"
    colours = left.colour_histogram.astype(int) - right.colour_histogram.astype(int)
    assert (colours**2).sum() > 1.5 * 255**2


@pytest.mark.parametrize("corner", [0.0, 1 - MIN_SIDE])
def test_the_smallest_box_has_colours(extractor: ImageExtractor, corner: float) -> None:
    box = Box(corner, corner, MIN_SIDE, MIN_SIDE)
    [found] = extractor.extract([Image.new("RGB", (300, 200), "teal")], boxes=[box])
    assert np.square(found.colour_histogram, dtype=float).sum() == pytest.approx(255**2, rel=0.02)


def test_sizes_and_shapes(extractor: ImageExtractor) -> None:
    sizes = [(16, 16), (1024, 40), (37, 900)]
    for found in extractor.extract([Image.new("RGB", size, "teal") for size in sizes]):
        assert found.binary_code.shape == (1392 // 8,) and found.binary_code.dtype == np.uint8
        assert found.box_source == "whole"
    assert extractor.extract([]) == []


def test_the_papers_threshold_is_another_model(
    extractor: ImageExtractor, images: list[Image.Image]
) -> None:
    paper = load_extractor(TAXONOMY, paper_threshold=True)
    assert paper.model != extractor.model
    a, b = extractor.extract(images[:1])[0], paper.extract(images[:1])[0]
    assert (a.binary_code != b.binary_code).any() and (
        a.colour_histogram == b.colour_histogram
    ).all()


def test_a_shops_own_networks_serve(tmp_path: Path, images: list[Image.Image]) -> None:
    for file in WEIGHTS.glob("attribute-distilled-1.*"):
        shutil.copy(file, tmp_path)
    card = json.loads((tmp_path / "attribute-distilled-1.json").read_text())
    (tmp_path / "attribute-distilled-1.json").write_text(json.dumps({**card, "name": "mine"}))
    environ = {"HOUNDSTOOTH_MODEL": str(tmp_path / "attribute-distilled-1.json")}
    own = load_extractor(TAXONOMY, **Settings.from_env(environ).extractor_options)
    [features] = own.extract(images[:1])
    assert features.model == own.model == f"mine-1+{DEFAULT_DETECTOR}+cielab-1"


def test_a_missing_network_is_a_clear_error() -> None:
    with pytest.raises(InvalidConfig, match=r"expected a model card at no-such-1\.json"):
        load_extractor(TAXONOMY, "no-such-1")
