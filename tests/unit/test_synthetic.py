"""Synthetic images: the same seed draws the same catalogue, and its labels are what was drawn."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.synthetic import ItemSpec, draw_item, draw_outfit, generate
from houndstooth.models.synthetic.catalogue import FEED_COLUMNS, photograph, plan
from houndstooth.models.synthetic.colours import CENTRES, centre, paint
from houndstooth.models.synthetic.outfits import WEARABLE
from houndstooth.models.synthetic.wardrobe import (
    COLOURS,
    FOOTWEAR,
    KINDS,
    PATTERNS,
    draw_terms,
    palette,
)
from houndstooth.models.synthetic.workshop import GARMENTS, STILLS

COUNT = 30
TAXONOMY = Taxonomy.load()


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic")
    generate(COUNT, 5, folder, outfits=0.5, jobs=1)
    return folder


def read_labels(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def some_spec(category: str, seed: int = 3, **fixed: str) -> ItemSpec:
    terms = draw_terms(category, None, np.random.default_rng(seed)) | fixed
    terms.setdefault("colour", palette(category, terms).split()[0].split("*")[0])
    return ItemSpec(category, terms, seed)


def test_the_same_seed_draws_the_same_whatever_the_number_of_jobs(
    catalogue: Path, tmp_path: Path
) -> None:
    generate(COUNT, 5, tmp_path, outfits=0.5, jobs=2)
    assert digests(tmp_path) == digests(catalogue)


def test_another_seed_draws_another_catalogue(catalogue: Path, tmp_path: Path) -> None:
    generate(3, 6, tmp_path, jobs=1)
    assert not set(digests(tmp_path).values()) & set(digests(catalogue).values())


def test_a_shorter_catalogue_is_the_beginning_of_a_longer_one() -> None:
    assert list(plan(20, 5, 0.3)) == list(plan(60, 5, 0.3))[:20]


def test_no_two_pictures_are_the_same(catalogue: Path) -> None:
    pictures = [path.read_bytes() for path in (catalogue / "images").iterdir()]
    assert len(set(pictures)) == COUNT


def test_two_hundred_products_show_most_categories_and_both_kinds_of_picture() -> None:
    products = list(plan(200, 1, 0.3))
    assert len({product.spec.category for product in products}) >= 25
    assert 0.1 < sum(bool(product.outfit) for product in products) / len(products) < 0.4


def test_colour_variants_share_a_group_and_differ_in_colour_alone() -> None:
    groups: dict[str, list[ItemSpec]] = {}
    for product in plan(200, 1, 0.3):
        groups.setdefault(product.group, []).append(product.spec)
    assert any(len(specs) > 1 for specs in groups.values())
    for specs in groups.values():
        assert len({spec.terms["colour"] for spec in specs}) == len(specs)
        assert len({(spec.category, spec.seed) for spec in specs}) == 1


def test_the_feed_and_the_labels_name_the_same_images(catalogue: Path) -> None:
    with (catalogue / "feed.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    labels = read_labels(catalogue)
    assert tuple(rows[0]) == FEED_COLUMNS
    assert [row["id"] for row in rows] == [label["product_id"] for label in labels]
    assert [row["image"] for row in rows] == [label["file"] for label in labels]
    for row in rows:
        assert float(row["price"]) > 0
        assert int(row["stock"]) >= 0
        with Image.open(catalogue / row["image"]) as image:
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (300, 400))


def test_every_label_is_in_the_taxonomy_and_applies_to_its_category(catalogue: Path) -> None:
    for label in read_labels(catalogue):
        assert label["items"]
        for item in [label, *label["items"]]:
            groups = TAXONOMY.groups_of(TAXONOMY.check_category(item["category"]))
            named = [TAXONOMY.check_attribute(term).split(":")[0] for term in item["attributes"]]
            assert len(set(named)) == len(named)
            assert set(named) <= set(groups)
            assert {"colour", "gender"} <= set(named)


def test_every_choice_of_the_wardrobe_is_a_term_of_the_taxonomy() -> None:
    def words(choices: str) -> set[str]:
        return {word.split("*")[0] for word in choices.split()}

    colours = {word for words_ in COLOURS.values() for word in words(words_)}
    assert colours <= set(CENTRES) == set(TAXONOMY.groups["colour"].values)
    for choices in PATTERNS.values():
        assert words(choices) <= set(TAXONOMY.groups["pattern"].values)
    for category, kind in KINDS.items():
        TAXONOMY.check_category(category)
        for group, choices in {**kind.choices, "gender": kind.genders}.items():
            for word in words(choices):
                TAXONOMY.check_attribute(f"{group}:{word}")


def test_everything_in_the_wardrobe_can_be_drawn_and_worn() -> None:
    assert set(GARMENTS) | set(STILLS) == set(KINDS)
    assert not set(GARMENTS) & set(STILLS)
    assert set(KINDS) >= WEARABLE >= FOOTWEAR


def test_boxes_are_the_bounds_of_what_is_visible(catalogue: Path) -> None:
    labels = read_labels(catalogue)
    for product, label in zip(plan(COUNT, 5, 0.5), labels, strict=True):
        drawing, specs = photograph(product)
        boxes = []
        for mask in drawing.masks:
            rows, columns = np.nonzero(mask >= 0.5)
            if len(rows):
                left, top = columns.min() / 300, rows.min() / 400
                right, bottom = (columns.max() + 1) / 300, (rows.max() + 1) / 400
                boxes.append(np.array([left, top, right - left, bottom - top]))
        assert len(specs) == len(drawing.masks)
        for item in [label, *label["items"]]:
            assert any(np.allclose(item["box"], box, atol=1e-5) for box in boxes)
        assert label["box"] in [item["box"] for item in label["items"]]


@pytest.mark.parametrize("category", sorted(KINDS))
def test_a_single_item_stands_whole_on_white(category: str) -> None:
    drawing = draw_item(some_spec(category), (150, 200))
    pixels = np.asarray(drawing.image, np.float32)
    left, top, right, bottom = drawing.boxes[0]
    assert drawing.image.size == (150, 200)
    assert 0 < left < right < 150
    assert 0 < top < bottom < 200
    assert max((right - left) / 150, (bottom - top) / 200) > 0.5
    assert pixels[:2, :2].min() > 235
    # What is drawn lies where the mask says.
    outside = np.ones((200, 150), bool)
    outside[max(top - 8, 0) : bottom + 16, max(left - 10, 0) : right + 10] = False
    assert pixels[outside].min(initial=255) > 200


@pytest.mark.parametrize("category", ["t-shirt", "trousers", "dress", "handbag", "casual-shoes"])
@pytest.mark.parametrize("colour", ["red", "blue", "yellow", "black", "white"])
def test_the_colour_label_is_the_colour_drawn(category: str, colour: str) -> None:
    spec = some_spec(category, colour=colour, pattern="solid", material="cotton")
    drawing = draw_item(spec, (150, 200))
    seen = np.median(np.asarray(drawing.image)[drawing.masks[0] > 0.9], axis=0) / 255
    nearest = min(
        ("red", "blue", "yellow", "black", "white", "green"),
        key=lambda term: float(np.abs(np.asarray(centre(term)) - seen).sum()),
    )
    assert nearest == colour


@pytest.mark.parametrize("term", sorted(CENTRES))
def test_a_dye_stays_near_the_centre_of_its_colour(term: str) -> None:
    dyes = np.array([paint(term, np.random.default_rng(seed)) for seed in range(20)])
    assert np.abs(dyes - centre(term)).max() < 0.12
    assert dyes.min() >= 0
    assert dyes.max() <= 1


def test_what_is_put_on_last_hides_what_lies_below() -> None:
    shirt = some_spec("shirt", 4, gender="men", length="hip")
    coat = some_spec("coat", 5, gender="men", closure="button")
    alone = draw_outfit([shirt], seed=9, woman=False)
    under = draw_outfit([shirt, coat], seed=9, woman=False)
    assert under.masks[0].sum() < 0.6 * alone.masks[0].sum()
    assert float((under.masks[0] + under.masks[1]).max()) < 1.01


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"count": 0}, "count of 1 or more, got 0"),
        ({"outfits": 1.5}, "from 0 to 1, got 1.5"),
        ({"seed": -1}, "seed of 0 or more, got -1"),
        ({"jobs": 0}, "1 job or more, got 0"),
    ],
)
def test_numbers_out_of_range_are_refused(
    tmp_path: Path, change: dict[str, float], expected: str
) -> None:
    with pytest.raises(InvalidConfig, match=expected):
        generate(**({"count": 1, "seed": 1, "out": tmp_path / "new"} | change))
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(InvalidConfig, match="taken"):
        generate(1, 1, tmp_path / "taken")


def test_the_command_draws_and_reports_errors_by_its_status(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "houndstooth", "draw", "--seed", "1", "--out"]
    root = Path(__file__).parents[2]
    good = [*command, str(tmp_path / "out"), "--count", "2"]
    assert subprocess.run(good, cwd=root, capture_output=True).returncode == 0
    assert len(list((tmp_path / "out" / "images").iterdir())) == 2
    bad = subprocess.run(
        [*command, str(tmp_path), "--count", "0"], cwd=root, capture_output=True, text=True
    )
    assert bad.returncode == 2
    assert "got 0" in bad.stderr


def test_drawing_needs_neither_torch_nor_opencv() -> None:
    code = (
        "import sys, houndstooth.commands.draw, houndstooth.models.synthetic.catalogue;"
        "print(sorted({'torch', 'cv2', 'onnxruntime'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    answer = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert answer.stdout.strip() == "[]"


def test_serving_imports_no_drawing() -> None:
    code = (
        "import sys, houndstooth.models.loading, houndstooth.web.app, houndstooth.ingest.tasks;"
        "print([name for name in sys.modules if 'synthetic' in name or 'training' in name])"
    )
    root = Path(__file__).parents[2]
    answer = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert answer.stdout.strip() == "[]", answer.stderr
